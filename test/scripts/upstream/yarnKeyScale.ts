// Each K-shift multiplies every key by the magnitude of YaRN (or LongRoPE). One layer, so that the kept keys and values
// depend on each token and its position alone: after a shift they must equal a fresh evaluation.
import type { FixtureModel } from "../../fixtures/generateGguf.ts";
import { compare, openSequence, predictAfter, predictFresh, randomTokens, show } from "./predictions.ts";
import { runFault } from "./runFault.ts";

const size = { contextSize: 256 };
const yarn = { type: "yarn", factor: 4, originalContext: 512 } as const;
const models: Record<string, Partial<FixtureModel>> = {
  "no scaling": {},
  "linear x4": { rope: { ...yarn, type: "linear" } },
  "YaRN x4": { rope: yarn },
  "YaRN x4, log multiplier 1 (magnitudes cancel out)": {
    architecture: "mistral3",
    rope: { ...yarn, yarnLogMultiplier: 1 },
  },
  "LongRoPE, attn_factor 1.19": { rope: { ...yarn, type: "longrope", attentionFactor: 1.19 } },
};

await runFault(async ({ load }) => {
  for (const [name, options] of Object.entries(models)) {
    console.log(name);
    const model = await load({ ...options, layers: 1 });
    const sequence = await openSequence(model, size);
    const tokens = randomTokens(model, 1000, 7);
    let used = 0;
    for (let shift = 1; shift <= 8; shift++) {
      const room = 250 - sequence.nextTokenIndex;
      await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(used, (used += room)));
      await sequence.eraseContextTokenRanges([{ start: 4, end: 68 }]);
      const kept = sequence.contextTokens;
      const shifted = await predictAfter(sequence, 65);
      const figures = compare(await predictFresh(model, size, kept, 65), shifted);
      if (shift % 4 === 0 || shift === 1) console.log(`  shift ${shift}: ${show(figures)}`);
    }
  }
});
