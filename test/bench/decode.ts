// Decoding through the engine's client (the forked process, its batched text, the books), beside the bare loop of the
// library in this process: the same model, window, threads and sampling, in turn. On the real shape the share that is lost
// is what counts, on the tiny demo model the time for each token, which is nearly all overhead there.
import { fileURLToPath } from "node:url";
import { getLlama, type LlamaContextSequence, type Token } from "node-llama-cpp";
import { EngineClient } from "../../src/engine/engineClient.ts";
import type { BenchContext } from "./bench.ts";
import { benchModel } from "./benchModel.ts";
import { againstBound, median, summarise } from "./statistics.ts";

const demoModel = fileURLToPath(new URL("../../media/demo/tiny-chat.q8_0.gguf", import.meta.url));
const enginePath = fileURLToPath(new URL("../../dist/engine.mjs", import.meta.url));
const prompt = "Write a function to sort a table.";
/** At this temperature no model here finds an end by itself. */
const wild = { temperature: 1.5, topK: 0, topP: 1, minP: 0 };
const systemPrompt = "You are a coding assistant.";
const contextSize = 512;

export async function run(context: BenchContext): Promise<unknown> {
  const rounds = context.number("rounds", context.quick ? 3 : 15);
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
  const client = new EngineClient({ enginePath, log: () => undefined });
  const llama = await getLlama({ gpu: false, build: "never", skipDownload: true, progressLogs: false });
  const model = await llama.loadModel({ modelPath, gpuLayers: 0 });
  const library = await model.createContext({ contextSize, threads: 1 });
  try {
    await client.load({ modelPath, contextSize, systemPrompt, gpu: false, threads: 1 });
    const sequence = library.getSequence();
    const [ours, bare, hostCpu]: number[][] = [[], [], []];
    for (let round = 0; round < rounds; round++) {
      await context.turn();
      const sides = [
        async () => {
          const { perToken, cpu } = await throughClient(client, round, tokens);
          ours?.push(perToken);
          hostCpu?.push(cpu);
        },
        async () => bare?.push(await bareLoop(sequence, round, tokens)),
      ];
      for (const side of round % 2 === 0 ? sides : sides.reverse()) await side();
    }
    const ratios = (bare ?? []).map((value, round) => value / (ours?.[round] ?? NaN));
    return {
      speed: againstBound(median(ratios), 1),
      /** The least disturbed round of each: what else the machine does can only slow a round down. */
      bestSpeed: againstBound(Math.min(...(bare ?? [])) / Math.min(...(ours ?? [])), 1),
      oursMs: summarise(ours ?? []),
      bareMs: summarise(bare ?? []),
      overheadMsPerToken: median((ours ?? []).map((value, round) => value - (bare?.[round] ?? NaN))),
      hostCpuMsPerToken: median(hostCpu ?? []),
    };
  } finally {
    client.dispose();
    await llama.dispose();
  }
}

/** Milliseconds per token, from the first text to the end of the reply, as the extension host sees them. */
async function throughClient(
  client: EngineClient,
  round: number,
  tokens: number,
): Promise<{ perToken: number; cpu: number }> {
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
  if (counted < tokens / 2) return throughClient(client, round + 1_000, tokens);
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
