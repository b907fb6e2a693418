// Time to the first token of an explanation: as a detour of a warm conversation, beside the same prompt sent to a fresh
// context that has to read the same conversation first. On a model with random weights in the shape of a 0.5B one.
// Run: node --import tsx test/bench/explainFirstToken.ts [--layers 24] [--vocabulary 151936] [--rounds 3]
//   [--conversation 512,2048,4096]   Smaller numbers for a quick look. Prints one line of JSON for each length.
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import type { RememberedTurn } from "../../src/engine/engine.ts";
import { LlamaEngine } from "../../src/engine/worker/llamaEngine.ts";
import { explainPrompt } from "../../src/explain/explainPrompt.ts";
import { renderPrompt } from "../../src/explain/promptTree.ts";
import { generateGguf } from "../fixtures/generateGguf.ts";

const { values } = parseArgs({
  options: {
    layers: { type: "string", default: "24" },
    vocabulary: { type: "string", default: "151936" },
    rounds: { type: "string", default: "3" },
    conversation: { type: "string", default: "512,2048,4096" },
  },
});
/** Tokens that the generator's vocabulary has anyway: one for each byte, and a few special ones. */
const leastVocabulary = 263;
const turnTokens = 256;

const prompt = renderPrompt(
  explainPrompt({
    kind: "explain",
    path: "src/cache.ts",
    languageId: "typescript",
    code: "function openCache(cache: Cache) {\n  return cache.open();\n}",
    firstLine: 3,
    lastLine: 5,
    enclosing: ["class Store"],
    problems: [],
    imports: ['import type { Cache } from "./cache.ts";'],
    before: [],
    after: [],
    question: "",
  }),
);

/** With this vocabulary a character is a token. */
function conversationOf(tokens: number): readonly RememberedTurn[] {
  return Array.from({ length: Math.floor(tokens / turnTokens) }, (_, turn) => {
    const text = "const total = items.length; ".repeat(turnTokens).slice(0, turnTokens / 2);
    const turnId = `t${turn}`;
    return { turnId, parts: [{ id: `${turnId}.text`, kind: "text", text }], reply: text, pinned: false };
  });
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((left, right) => left - right)[Math.floor(numbers.length / 2)] ?? NaN;
}

const folder = mkdtempSync(path.join(tmpdir(), "explain-bench-"));
const modelPath = path.join(folder, "model.gguf");
const engine = new LlamaEngine(() => undefined);
try {
  generateGguf(modelPath, {
    layers: Number(values.layers),
    width: 896,
    heads: 14,
    keyValueHeads: 2,
    feedForward: 4864,
    context: 32_768,
    extraTokens: Number(values.vocabulary) - leastVocabulary,
  });
  const options = { sampling: { temperature: 0, maxTokens: 2 } };
  for (const tokens of values.conversation.split(",").map(Number)) {
    const contextSize = Math.ceil((tokens * 1.6 + 1_024) / 256) * 256;
    await engine.load({ modelPath, contextSize, systemPrompt: "You are a coding assistant.", gpu: false });
    const turns = conversationOf(tokens);
    const warm: number[] = [];
    const fresh: number[] = [];
    let conversationTokens = 0;
    let promptTokens = 0;
    for (let round = 0; round < Number(values.rounds); round += 1) {
      await engine.reset();
      const start = performance.now();
      conversationTokens = (await engine.restore(turns)).counters.windowTokens;
      const reading = performance.now() - start;
      // The first detour after the conversation is what a fresh context would answer; the second finds it warm.
      fresh.push(reading + (await engine.detour("explain.fresh", prompt, options)).timeToFirstTokenMs);
      const result = await engine.detour("explain.warm", prompt, options);
      ({ promptTokens } = result);
      warm.push(result.timeToFirstTokenMs);
    }
    const [warmMs, freshMs] = [median(warm), median(fresh)];
    const figures = { conversationTokens, promptTokens, warmMs, freshMs, ratio: freshMs / warmMs };
    const rounded = Object.entries(figures).map(([name, value]) => [name, Math.round(value * 10) / 10]);
    console.log(
      JSON.stringify({ ...Object.fromEntries(rounded), cores: availableParallelism(), layers: values.layers }),
    );
  }
} finally {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
