// Hybrid and sliding-window models: when the native erase is refused, the library restores the last checkpoint at or
// below the new end, although an earlier erase has changed what lies below it. contextTokens says what should be in the
// cache; it is not. In the sliding model all layers but the last are silent, so that a correct shift shows no difference.
import type { FixtureModel } from "../../fixtures/generateGguf.ts";
import { compare, openSequence, predictAfter, predictFresh, randomTokens, show } from "./predictions.ts";
import { runFault } from "./runFault.ts";

const size = { contextSize: 256 };
const models: Partial<FixtureModel>[] = [
  { architecture: "lfm2", layers: 4 },
  { architecture: "gemma3", slidingWindow: 64, layers: 6, silentLayers: 5 },
];

await runFault(async ({ load }) => {
  for (const options of models) {
    console.log(options.architecture);
    const model = await load(options);
    const sequence = await openSequence(model, size);
    const tokens = randomTokens(model, 2000, 11);
    let used = 0;
    for (let erase = 1; erase <= 4; erase++) {
      const room = 253 - sequence.nextTokenIndex;
      await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(used, (used += room)));
      const before = sequence.contextTokens;
      const meter = sequence.tokenMeter.getState();
      await sequence.eraseContextTokenRanges([{ start: 4, end: 68 }]);
      const metered = sequence.tokenMeter.diff(meter).usedInputTokens;
      const kept = sequence.contextTokens;
      const erased = await predictAfter(sequence, 65);
      const claimed = compare(await predictFresh(model, size, kept, 65), erased);
      const stale = compare(await predictFresh(model, size, before.slice(0, kept.length), 65), erased);
      console.log(`  erase ${erase} (${metered} tokens shifted or evaluated): ${show(claimed)}`);
      console.log(`    against the first ${kept.length} tokens from before the erase: ${show(stale)}`);
    }
  }
});
