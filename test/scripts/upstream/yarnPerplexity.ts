// What the YaRN magnitude in each K-shift costs a trained model: perplexity of the next 64 tokens after a shift, over that
// of a fresh evaluation of the same kept tokens. The text is the model's own, sampled at temperature 0.8.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { getLlama, LlamaLogLevel, type LlamaContextSequence, type LlamaModel, type Token } from "node-llama-cpp";
import { rewriteGguf } from "../../fixtures/gguf/rewriteGguf.ts";
import { float32, text, uint32 } from "../../fixtures/gguf/writeGguf.ts";
import { openSequence } from "./predictions.ts";
import { runFault } from "./runFault.ts";

const demoModel = fileURLToPath(new URL("../../../media/demo/tiny-chat.q8_0.gguf", import.meta.url));
const size = { contextSize: 256 };
const shifts = 24;
const evicted = 64;

/** Mean negative log probability (nats) of each token but the first; all but the last are evaluated. */
async function surprise(sequence: LlamaContextSequence, tokens: readonly Token[]): Promise<number> {
  const inputs = tokens.slice(0, -1);
  const outputs = await sequence.controlledEvaluate(
    inputs.map((token) => [token, { generateNext: { probabilities: true, options: { temperature: 0 } } }]),
  );
  const sum = inputs.reduce((total, _, index) => {
    const next = tokens[index + 1];
    const probability = next === undefined ? undefined : outputs[index]?.next.probabilities?.get(next);
    return total - Math.log(Math.max(probability ?? 0, 1e-30));
  }, 0);
  return sum / inputs.length;
}

async function ownText(model: LlamaModel, count: number): Promise<Token[]> {
  const tokens: Token[] = [];
  for (let seed = 1; tokens.length < count; seed++) {
    const sequence = await openSequence(model, { contextSize: 512 });
    const prompt = model.tokenize("<s><|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n", true);
    let left = 200;
    tokens.push(...prompt);
    for await (const token of sequence.evaluate(prompt, { temperature: 0.8, seed, yieldEogToken: true })) {
      tokens.push(token);
      if (--left === 0) break;
    }
    await sequence.context.dispose();
  }
  return tokens;
}

await runFault(async ({ folder }) => {
  const llama = await getLlama({ gpu: false, build: "never", skipDownload: true, logLevel: LlamaLogLevel.error });
  const twin = join(folder, "twin.gguf");
  rewriteGguf(demoModel, twin, {
    "llama.rope.scaling.type": text("yarn"),
    "llama.rope.scaling.factor": float32(4),
    "llama.rope.scaling.original_context_length": uint32(512),
  });
  const plain = await llama.loadModel({ modelPath: demoModel, gpuLayers: 0 });
  const tokens = await ownText(plain, 256 + shifts * evicted);
  for (const [name, model] of [
    ["demo model", plain],
    ["its YaRN x4 twin", await llama.loadModel({ modelPath: twin, gpuLayers: 0 })],
  ] as const) {
    const sequence = await openSequence(model, size);
    let used = 240;
    await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(0, used));
    const ratios: string[] = [];
    for (let shift = 1; shift <= shifts; shift++) {
      await sequence.eraseContextTokenRanges([{ start: 4, end: 4 + evicted }]);
      const kept = sequence.contextTokens;
      const next = tokens.slice(used, (used += evicted));
      const streamed = await surprise(sequence, next);
      await sequence.evaluateWithoutGeneratingNewTokens(next.slice(-1));
      const fresh = await openSequence(model, size);
      await fresh.evaluateWithoutGeneratingNewTokens(kept);
      const ratio = Math.exp(streamed - (await surprise(fresh, next)));
      await fresh.context.dispose();
      if ([1, 2, 3, 4, 8, 12, 16, 20, 24].includes(shift)) ratios.push(`${shift}: ${ratio.toFixed(3)}`);
    }
    console.log(`${name}, perplexity streamed over fresh after shift ${ratios.join("  ")}`);
  }
  await llama.dispose();
});
