// Reading by the size of a batch, and decoding by what is in the window, with flash attention and without: what the
// defaults rest on (chunk of a prompt, largest default window, flash attention).
import { getLlama, type LlamaModel, type Token } from "node-llama-cpp";
import type { BenchContext } from "./bench.ts";
import { benchModel } from "./benchModel.ts";
import { median } from "../../src/base/statistics.ts";

export async function run(context: BenchContext): Promise<unknown> {
  const threads = context.number("threads", 1);
  const rounds = context.number("rounds", context.quick ? 2 : 4);
  const batches = context.numbers("batches", [32, 64, 128, 256, 512]);
  const windows = context.numbers("windows", context.quick ? [512, 1_024] : [512, 2_048, 4_096]);
  const llama = await getLlama({ gpu: false, build: "never", skipDownload: true, progressLogs: false });
  const model = await llama.loadModel({ modelPath: benchModel(context.quick ? "quick" : "full"), gpuLayers: 0 });
  const results: object[] = [];
  try {
    for (const flashAttention of [true, false]) {
      for (const figures of [
        ...(await reading(context, model, threads, flashAttention, batches, rounds)),
        ...(await decoding(context, model, threads, flashAttention, windows)),
      ]) {
        results.push(figures);
        context.print(figures);
        context.keep(results);
      }
    }
  } finally {
    await llama.dispose();
  }
  return results;
}

/** 512 tokens into an empty window, in batches: the sizes in turn, so that a busy machine is unfair to none. */
async function reading(
  context: BenchContext,
  model: LlamaModel,
  threads: number,
  flashAttention: boolean,
  batches: readonly number[],
  rounds: number,
): Promise<object[]> {
  const total = 512;
  const library = await model.createContext({ contextSize: 1_024, threads, flashAttention, batchSize: 512 });
  const sequence = library.getSequence();
  const times = new Map<number, number[]>(batches.map((batch) => [batch, []]));
  for (let round = 0; round < rounds; round++) {
    for (const batch of batches) {
      await context.turn();
      await sequence.clearHistory();
      const start = performance.now();
      for (let done = 0; done < total; done += batch) await sequence.evaluateWithoutGeneratingNewTokens(letters(batch));
      times.get(batch)?.push(performance.now() - start);
    }
  }
  await library.dispose();
  return batches.map((batch) => {
    const tokensPerSecond = (total * 1000) / median(times.get(batch) ?? []);
    return { what: "reading", flashAttention, batch, tokensPerSecond, longestWaitMs: (batch * 1000) / tokensPerSecond };
  });
}

async function decoding(
  context: BenchContext,
  model: LlamaModel,
  threads: number,
  flashAttention: boolean,
  windows: readonly number[],
): Promise<object[]> {
  const most = Math.max(...windows);
  const library = await model.createContext({ contextSize: most + 256, threads, flashAttention, batchSize: 512 });
  const sequence = library.getSequence();
  const results: object[] = [];
  for (const window of windows) {
    while (sequence.nextTokenIndex < window) {
      await context.turn();
      await sequence.evaluateWithoutGeneratingNewTokens(letters(Math.min(256, window - sequence.nextTokenIndex)));
    }
    await context.turn();
    const steps: number[] = [];
    for (let step = 0; step < 24; step++) {
      const start = performance.now();
      await sequence.evaluateWithoutGeneratingNewTokens(letters(1));
      steps.push(performance.now() - start);
    }
    results.push({ what: "decoding", flashAttention, window, millisecondsPerToken: median(steps) });
  }
  await library.dispose();
  return results;
}

function letters(count: number): Token[] {
  return Array.from({ length: count }, (_, index) => ("a".charCodeAt(0) + ((index * 7) % 26)) as Token);
}
