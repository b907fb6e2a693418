// Time to the first token of an explanation: as a detour of a warm conversation, beside the same prompt sent to a fresh
// context that has to read the same conversation first. On a model with random weights in the shape of a 0.5B one.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { RememberedTurn } from "../../src/engine/engine.ts";
import { LlamaEngine } from "../../src/engine/worker/llamaEngine.ts";
import { explainPrompt } from "../../src/explain/explainPrompt.ts";
import { renderPrompt } from "../../src/explain/promptTree.ts";
import { generateGguf } from "../fixtures/generateGguf.ts";
import type { BenchContext } from "./bench.ts";
import { againstBound, median } from "../../src/base/statistics.ts";

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

export async function run(context: BenchContext): Promise<unknown> {
  const folder = mkdtempSync(path.join(tmpdir(), "explain-bench-"));
  const modelPath = path.join(folder, "model.gguf");
  const engine = new LlamaEngine(() => undefined);
  const layers = context.number("layers", context.quick ? 4 : 24);
  const rounds = context.number("rounds", context.quick ? 1 : 3);
  const results: object[] = [];
  try {
    generateGguf(modelPath, {
      layers,
      width: 896,
      heads: 14,
      keyValueHeads: 2,
      feedForward: 4864,
      context: 32_768,
      extraTokens: context.number("vocabulary", context.quick ? 4_096 : 151_936) - leastVocabulary,
    });
    for (const tokens of context.numbers("conversation", context.quick ? [512] : [512, 2048, 4096])) {
      const contextSize = Math.ceil((tokens * 1.6 + 1_024) / 256) * 256;
      await engine.load({ modelPath, contextSize, systemPrompt: "You are a coding assistant.", gpu: false });
      const figures = { ...(await measure(context, engine, conversationOf(tokens), rounds)), layers };
      results.push(figures);
      context.print(figures);
    }
  } finally {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return results;
}

async function measure(
  context: BenchContext,
  engine: LlamaEngine,
  turns: readonly RememberedTurn[],
  rounds: number,
): Promise<object> {
  const options = { sampling: { temperature: 0, maxTokens: 2 } };
  const warm: number[] = [];
  const fresh: number[] = [];
  let conversationTokens = 0;
  let promptTokens = 0;
  for (let round = 0; round < rounds; round += 1) {
    await context.turn();
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
  const bound = (conversationTokens + promptTokens) / promptTokens;
  return { conversationTokens, promptTokens, warmMs, freshMs, ...againstBound(freshMs / warmMs, bound) };
}
