// Sliding-window model, no swaFullCache: an erase at the tail, farther back than the window, leaves a cache without the
// tokens just before it. Nothing is evaluated again, nothing is reported.
import { compare, openSequence, predictAfter, predictFresh, randomTokens, show } from "./predictions.ts";
import { runFault } from "./runFault.ts";

await runFault(async ({ load }) => {
  const model = await load({ architecture: "gemma3", slidingWindow: 64, layers: 12 });
  for (const swaFullCache of [true, false]) {
    const size = { contextSize: 1024, swaFullCache };
    const sequence = await openSequence(model, size);
    const tokens = randomTokens(model, 600, 7);
    await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(0, 300));
    await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(300, 500));
    const meter = sequence.tokenMeter.getState();
    await sequence.eraseContextTokenRanges([{ start: 300, end: 500 }]);
    const again = sequence.tokenMeter.diff(meter).usedInputTokens;
    const erased = await predictAfter(sequence, 65);
    const figures = compare(await predictFresh(model, size, tokens.slice(0, 300), 65), erased);
    console.log(`swaFullCache ${swaFullCache}: ${again} tokens evaluated again, ${show(figures)}`);
  }
});
