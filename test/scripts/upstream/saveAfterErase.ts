// A state file written straight after an erase holds keys whose shift is still to come, and not that it is to come.
import { join } from "node:path";
import { compare, openSequence, predictAfter, randomTokens, show } from "./predictions.ts";
import { runFault } from "./runFault.ts";

const size = { contextSize: 256 };

await runFault(async ({ folder, load }) => {
  const model = await load({ layers: 4 });
  for (const decodeFirst of [true, false]) {
    const sequence = await openSequence(model, size);
    await sequence.evaluateWithoutGeneratingNewTokens(randomTokens(model, 240, 7));
    await sequence.eraseContextTokenRanges([{ start: 4, end: 68 }]);
    if (decodeFirst) await sequence.evaluateWithoutGeneratingNewTokens(model.tokenize("x"));
    const file = join(folder, "state.bin");
    await sequence.saveStateToFile(file);
    const here = await predictAfter(sequence, 65);
    const restored = await openSequence(model, size);
    await restored.loadStateFromFile(file, { acceptRisk: true });
    const figures = compare(here, await predictAfter(restored, 65));
    console.log(`${decodeFirst ? "one token decoded first" : "straight after the erase"}: ${show(figures)}`);
  }
});
