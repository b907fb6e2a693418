// A million tokens through a window of 512 of the demo model: memory and speed at each hundred thousand. Anything that grows
// with the length of the day would show here.
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { LlamaEngine } from "../../src/engine/worker/llamaEngine.ts";
import type { BenchContext } from "./bench.ts";
import { median } from "../../src/base/statistics.ts";

const modelPath = fileURLToPath(new URL("../../media/demo/tiny-chat.q8_0.gguf", import.meta.url));
const contextSize = 512;

interface Step {
  readonly tokens: number;
  readonly tokensPerSecond: number;
  readonly rssMegabytes: number;
  readonly heapMegabytes: number;
  readonly shifts: number;
  readonly reprocessedTokens: number;
}

export async function run(context: BenchContext): Promise<unknown> {
  const total = context.number("tokens", context.quick ? 20_000 : 1_000_000);
  const every = context.number("every", total / 10);
  const engine = new LlamaEngine(() => undefined);
  await engine.load({ modelPath, contextSize, systemPrompt: "You are a coding assistant.", gpu: false, threads: 1 });
  const steps: Step[] = [];
  let turn = 0;
  let [since, from] = [performance.now(), 0];
  try {
    while (steps.length * every < total) {
      await context.turn();
      const turnId = `turn.${++turn}`;
      const parts = [{ id: `${turnId}.text`, kind: "text" as const, text: `Remember that number ${turn} is here.` }];
      // At this temperature the toy seldom finds an end: long replies, as from a model that writes code.
      const sampling = { temperature: 1.5, topK: 0, topP: 1, minP: 0, seed: turn, maxTokens: 200 };
      const { counters } = (await engine.send({ turnId, parts }, { sampling })).cache;
      if (counters.decodedTokens < (steps.length + 1) * every) continue;
      const tokensPerSecond = ((counters.decodedTokens - from) * 1000) / (performance.now() - since);
      // What was freed is given back with a delay.
      await sleep(200);
      const { rss, heapUsed } = process.memoryUsage();
      const step: Step = {
        tokens: counters.decodedTokens,
        tokensPerSecond,
        rssMegabytes: rss / 1e6,
        heapMegabytes: heapUsed / 1e6,
        shifts: counters.shifts,
        reprocessedTokens: counters.reprocessedTokens,
      };
      steps.push(step);
      context.print(step);
      context.keep(steps);
      [since, from] = [performance.now(), counters.decodedTokens];
    }
  } finally {
    await engine.close();
  }
  const half = steps.slice(steps.length / 2);
  const growth = (half.at(-1)?.rssMegabytes ?? NaN) - (half[0]?.rssMegabytes ?? NaN);
  context.print({
    turns: turn,
    rssGrowthInSecondHalf: growth,
    speed: median(steps.map((step) => step.tokensPerSecond)),
  });
  return steps;
}
