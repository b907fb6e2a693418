// Decoding through the engine's client (the forked process, its batched text, the books), and through the engine in this
// process, beside the bare loop of the library: the same model, window, threads and sampling, in turn. On the real shape the share that is lost
// is what counts, on the tiny demo model the time for each token, which is nearly all overhead there.
import { constants, setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import type { LlamaContextSequence, Token } from "node-llama-cpp";
import type { Engine } from "../../src/engine/engine.ts";
import { EngineClient } from "../../src/engine/engineClient.ts";
import { LlamaEngine } from "../../src/engine/worker/llamaEngine.ts";
import type { BenchContext } from "./bench.ts";
import { benchModel } from "./benchModel.ts";
import { againstBound, median, summarise } from "../../src/base/statistics.ts";

const demoModel = fileURLToPath(new URL("../../media/demo/tiny-chat.q8_0.gguf", import.meta.url));
const enginePath = fileURLToPath(new URL("../../dist/engine.mjs", import.meta.url));
const prompt = "Write a function to sort a table.";
/** At this temperature no model here finds an end by itself. */
const wild = { temperature: 1.5, topK: 0, topP: 1, minP: 0 };
const systemPrompt = "You are a coding assistant.";
const contextSize = 512;

export async function run(context: BenchContext): Promise<unknown> {
  const rounds = context.number("rounds", context.quick ? 3 : 15);
  // As the engine process does: on a machine with other work on it, the two would not be alike otherwise.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  const models = [
    { name: "demo", modelPath: demoModel, tokens: context.number("tokens", 200) },
    { name: "0.5B", modelPath: benchModel(context.quick ? "quick" : "full"), tokens: context.number("tokens", 48) },
  ];
  const results: object[] = [];
  for (const { name, modelPath, tokens } of models) {
    const figures = { model: name, tokens, ...(await compare(context, modelPath, tokens, rounds)) };
    results.push(figures);
    context.print(figures);
    context.keep(results);
  }
  return results;
}

async function compare(context: BenchContext, modelPath: string, tokens: number, rounds: number): Promise<object> {
  const load = { modelPath, contextSize, systemPrompt, gpu: false, threads: 1 } as const;
  const client = new EngineClient({ enginePath, log: () => undefined });
  const engine = new LlamaEngine(() => undefined);
  try {
    await client.load(load);
    await engine.load(load);
    const library = await engine.opened.runtime.model.createContext({ contextSize, threads: 1 });
    const sequence = library.getSequence();
    const times = { client: [] as number[], engine: [] as number[], bare: [] as number[] };
    const hostCpu: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await context.turn();
      const sides = [
        async () => {
          const { perToken, cpu } = await reply(client, round, tokens);
          times.client.push(perToken);
          hostCpu.push(cpu);
        },
        async () => times.engine.push((await reply(engine, round, tokens)).perToken),
        async () => times.bare.push(await bareLoop(sequence, round, tokens)),
      ];
      for (let side = 0; side < sides.length; side++) await sides[(side + round) % sides.length]?.();
    }
    const over = (side: readonly number[]): number =>
      median(side.map((value, round) => value - (times.bare[round] ?? NaN)));
    return {
      speed: againstBound(median(times.bare.map((value, round) => value / (times.client[round] ?? NaN))), 1),
      /** The least disturbed round of each: what else the machine does can only slow a round down. */
      bestSpeed: againstBound(Math.min(...times.bare) / Math.min(...times.client), 1),
      clientMs: summarise(times.client),
      engineMs: summarise(times.engine),
      bareMs: summarise(times.bare),
      /** Milliseconds per token more than the bare loop: of the engine in one process, and through the client. */
      overheadOfEngine: over(times.engine),
      overheadOfClient: over(times.client),
      hostCpuMsPerToken: median(hostCpu),
    };
  } finally {
    client.dispose();
    await engine.close();
  }
}

/** Milliseconds per token, from the first text to the end of the reply, as whoever asked sees them. */
async function reply(client: Engine, round: number, tokens: number): Promise<{ perToken: number; cpu: number }> {
  await client.reset();
  const turnId = `turn.${round}`;
  let first = NaN;
  let cpu = process.cpuUsage();
  const listening = client.onDidEmit((event) => {
    if (event.type !== "text" || !Number.isNaN(first)) return;
    first = performance.now();
    cpu = process.cpuUsage();
  });
  const sampling = { ...wild, seed: round, maxTokens: tokens };
  const result = await client.send(
    { turnId, parts: [{ id: `${turnId}.text`, kind: "text", text: prompt }] },
    { sampling },
  );
  const end = performance.now();
  const used = process.cpuUsage(cpu);
  listening.dispose();
  const counted = result.replyTokens - 1;
  // An early end or a loop: nothing to be read off a few tokens.
  if (counted < tokens / 2) return reply(client, round + 1_000, tokens);
  return { perToken: (end - first) / counted, cpu: (used.user + used.system) / 1000 / counted };
}

async function bareLoop(sequence: LlamaContextSequence, round: number, tokens: number): Promise<number> {
  await sequence.clearHistory();
  const text = `<|im_start|>system\n${systemPrompt}<|im_end|>\n<|im_start|>user\n${prompt}<|im_end|>\n<|im_start|>assistant\n`;
  const start: Token[] = sequence.model.tokenize(text, true);
  let first = NaN;
  let count = 0;
  const replies = sequence.evaluate(start, { ...wild, seed: round });
  while (count < tokens && (await replies.next()).done !== true) {
    if (count++ === 0) first = performance.now();
  }
  await replies.return();
  return (performance.now() - first) / (count - 1);
}
