// llama.cpp's K-shift rotates the keys of all layers, also of those whose graph never rotates them (NoPE layers: every
// fourth of SmolLM3; hparams.has_rope() is not told). The first three layers are silent here, so that the keys of the
// fourth, which has no positions at all, depend on each token alone: after a shift they must equal a fresh evaluation.
import { compare, openSequence, predictAfter, predictFresh, randomTokens, show } from "./predictions.ts";
import { runFault } from "./runFault.ts";

const size = { contextSize: 256 };

await runFault(async ({ load }) => {
  for (const architecture of ["llama", "smollm3"] as const) {
    const model = await load({ architecture, layers: 4, silentLayers: 3, seed: 5 });
    const sequence = await openSequence(model, size);
    await sequence.evaluateWithoutGeneratingNewTokens(randomTokens(model, 240, 7));
    await sequence.eraseContextTokenRanges([{ start: 4, end: 68 }]);
    const kept = sequence.contextTokens;
    const figures = compare(await predictFresh(model, size, kept, 65), await predictAfter(sequence, 65));
    console.log(`${architecture}, one shift: ${show(figures)}`);
  }
});
