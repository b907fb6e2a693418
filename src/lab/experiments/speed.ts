import { median, summarise, type Summary } from "../../base/statistics.ts";
import type { Experiment, Findings, LabContext } from "../experiment.ts";
import type { LabCells } from "../labCells.ts";
import { LabModel } from "../labModel.ts";
import type { Table } from "../labResult.ts";
import { memoryBandwidth } from "../machineSpeed.ts";
import { modelCard } from "../modelCard.ts";
import { keyValueBytes, modelShape, shiftBytes, type ModelShape } from "../modelShape.ts";
import { realShapeModel } from "../realShapeModel.ts";

/** Xiao et al., figure 10: Llama-2-13B on one A6000, ms per token with re-computation and streaming. */
const paper: Readonly<Record<number, readonly [recomputation: number, streaming: number]>> = {
  256: [99, 48],
  512: [169, 52],
  1024: [361, 60],
  2048: [860, 75],
  4096: [2355, 106],
};
const sinks = 4;
/** Tokens decoded one by one at each height of the window. */
const steps = 8;
/** As the engine reads a long prompt on the CPU. */
const batch = 128;
const targetRatio = 300;

export const speed: Experiment = {
  name: "speed",
  title: "Time and memory for a token, by the size of the cache (H)",
  what: "streaming beside re-computation at the shape of a 0.5B model, with their limits",
  flags: {
    windows: "sizes of the cache, with commas between",
    rounds: "how often each is measured",
  },
  run,
};

interface Measured {
  readonly window: number;
  /** Milliseconds for a token with a full window, and with three quarters of it. */
  readonly full: Summary;
  readonly threeQuarters: Summary;
  /** Milliseconds that a shift adds to the decode behind it. */
  readonly pause: Summary;
  /** Milliseconds for a token when every token evicts one, as in the paper. */
  readonly each: Summary;
  /** Milliseconds to evaluate the whole window: one token by re-computation. */
  readonly recomputation: Summary;
  readonly rssMegabytes: number;
  readonly decodedAgain: number;
}

async function run(context: LabContext): Promise<Findings> {
  const { path, note } = realShapeModel(context);
  const model = await LabModel.open(path, context.threads);
  try {
    const windows = context.numbers("windows", context.quick ? [256, 512, 1024] : [256, 512, 1024, 2048, 4096]);
    const rounds = context.number("rounds", context.quick ? 2 : 5);
    const shape = modelShape(path);
    const results: Measured[] = [];
    for (const [index, window] of windows.entries()) {
      const report = (fraction: number): Promise<void> =>
        context.progress((index + fraction) / windows.length, `a window of ${window} tokens`);
      results.push(await measure(model, window, rounds, report));
    }
    const bandwidth = memoryBandwidth();
    const limits = limitsOf(shape, modelCard(model).megabytes * 1e6, bandwidth, results);
    return {
      model: modelCard(model),
      settings: { threads: context.threads, rounds, batch, model: note },
      tables: [times(results), limits, memory(results, shape)],
      plots: [plot(results)],
      remarks: remarksOn(results),
      raw: { results, shape, bandwidth },
    };
  } finally {
    await model.dispose();
  }
}

async function measure(
  model: LabModel,
  window: number,
  rounds: number,
  report: (fraction: number) => Promise<void>,
): Promise<Measured> {
  const cells = await model.cells({ contextSize: window });
  const last = cells.capacity;
  const quarter = Math.floor(window / 4);
  const samples = { full: [], threeQuarters: [], pause: [], each: [], recomputation: [] } as Record<string, number[]>;
  const take = (name: keyof typeof samples, value: number): void => void samples[name]?.push(value);
  let appended = 0;
  const append = async (count: number): Promise<number> => {
    appended += count;
    const start = performance.now();
    await cells.append(anyTokens(model, count));
    return performance.now() - start;
  };
  try {
    for (let round = 0; round < rounds; round++) {
      await report(round / rounds);
      await cells.clear();
      take("recomputation", await fill(cells, last - steps, append));
      const full: number[] = [];
      for (let step = 0; step < steps; step++) full.push(await append(1));
      take("full", median(full));
      const start = performance.now();
      await cells.erase([{ start: sinks, end: sinks + quarter }]);
      await append(1);
      const first = performance.now() - start;
      const after: number[] = [];
      for (let step = 0; step < steps; step++) after.push(await append(1));
      take("threeQuarters", median(after));
      take("pause", first - median(after));
      await fill(cells, last, append);
      for (let step = 0; step < steps; step++) {
        const began = performance.now();
        await cells.erase([{ start: sinks, end: sinks + 1 }]);
        await append(1);
        take("each", performance.now() - began);
      }
    }
    const of = (name: keyof typeof samples): Summary => summarise(samples[name] ?? []);
    return {
      window,
      full: of("full"),
      threeQuarters: of("threeQuarters"),
      pause: of("pause"),
      each: of("each"),
      recomputation: of("recomputation"),
      rssMegabytes: process.memoryUsage().rss / 1e6,
      decodedAgain: cells.decodedTokens - appended,
    };
  } finally {
    await cells.dispose();
  }
}

/** @returns milliseconds that it took, for as many tokens as the window holds */
async function fill(cells: LabCells, length: number, append: (count: number) => Promise<number>): Promise<number> {
  const from = cells.length;
  let time = 0;
  while (cells.length < length) time += await append(Math.min(batch, length - cells.length));
  return from === 0 ? (time * cells.capacity) / length : time;
}

/** Milliseconds for a token with a quarter of the window evicted each time, as the product does: a shift for many tokens. */
function streamingTime({ window, full, threeQuarters, pause }: Measured): number {
  return (full.p50 + threeQuarters.p50) / 2 + pause.p50 / (window / 4);
}

function ratioOf(result: Measured): number {
  return result.recomputation.p50 / streamingTime(result);
}

function times(results: readonly Measured[]): Table {
  return {
    title: "Milliseconds for a token with a full window (medians)",
    columns: [
      { name: "cache" },
      { name: "re-computation" },
      { name: "streaming, a quarter at a time" },
      { name: "streaming, a token at a time" },
      { name: "ratio" },
      { name: "spread of re-computation", digits: 2 },
      { name: "target", from: "target" },
      { name: "paper: ratio", from: "paper", digits: 3 },
      { name: "tokens evaluated again" },
    ],
    rows: results.map((result) => {
      const published = paper[result.window];
      return [
        result.window,
        result.recomputation.p50,
        streamingTime(result),
        result.each.p50,
        ratioOf(result),
        result.recomputation.spread,
        result.window === 4096 ? `≥ ${targetRatio}` : null,
        published === undefined ? null : published[0] / published[1],
        result.decodedAgain,
      ];
    }),
  };
}

function limitsOf(shape: ModelShape, fileBytes: number, bandwidth: number, results: readonly Measured[]): Table {
  const milliseconds = (bytes: number): number => (1000 * bytes) / bandwidth;
  const perParameter = fileBytes / shape.parameters;
  return {
    title: `Beside their limits, at ${(bandwidth / 1e9).toPrecision(3)} GB/s that one core moves (a copy, measured)`,
    columns: [
      { name: "cache" },
      { name: "decode, ms" },
      { name: "limit: weights and cells read once, ms" },
      { name: "shift, ms (p50)" },
      { name: "shift, ms (p99)" },
      { name: "limit: keys read and written once, ms", digits: 3 },
      { name: "shift over a decode step", digits: 2 },
      { name: "target", from: "target" },
      { name: "re-computation, GFLOP/s (2 × weights × tokens)", digits: 3 },
    ],
    rows: results.map(({ window, full, threeQuarters, pause, recomputation }) => [
      window,
      full.p50,
      milliseconds(perParameter * shape.activeParameters + keyValueBytes(shape, window)),
      pause.p50,
      pause.p99,
      milliseconds(shiftBytes(shape, (window * 3) / 4)),
      pause.p50 / threeQuarters.p50,
      "≤ 1",
      (2 * shape.activeParameters * window) / recomputation.p50 / 1e6,
    ]),
  };
}

function memory(results: readonly Measured[], shape: ModelShape): Table {
  return {
    title: "Memory",
    columns: [{ name: "cache" }, { name: "keys and values, MB" }, { name: "RSS of the process, MB" }],
    rows: results.map(({ window, rssMegabytes }) => [window, keyValueBytes(shape, window) / 1e6, rssMegabytes]),
  };
}

function plot(results: readonly Measured[]): Findings["plots"][number] {
  const series = (name: string, of: (result: Measured) => number) => ({
    name,
    points: results.map((result) => [result.window, of(result)] as const),
  });
  return {
    kind: "line",
    name: "by-cache",
    title: "Time for a token",
    x: { label: "cache (tokens)", log: true },
    y: { label: "milliseconds", log: true },
    series: [
      series("re-computation", ({ recomputation }) => recomputation.p50),
      series("streaming, a quarter at a time", streamingTime),
      series("streaming, a token at a time", ({ each }) => each.p50),
    ],
  };
}

function remarksOn(results: readonly Measured[]): string[] {
  const largest = results.at(-1);
  if (largest === undefined) return [];
  const published = paper[largest.window];
  return [
    `At ${largest.window} tokens a token takes ${ratioOf(largest).toPrecision(3)} times as long with re-computation as with ` +
      `streaming${published === undefined ? "" : ` (the paper: ${(published[0] / published[1]).toFixed(1)} on another model and a GPU)`}.`,
    `A shift adds ${largest.pause.p50.toPrecision(3)} ms to the token behind it, which is ` +
      `${(largest.pause.p50 / largest.threeQuarters.p50).toPrecision(2)} of a decode step, once in ${Math.floor(largest.window / 4)} tokens.`,
  ];
}

/** Any tokens do for time; no special ones. */
function anyTokens({ model }: LabModel, count: number): number[] {
  const letters = model.tokenize("abcdefgh".repeat(Math.ceil(count / 2)));
  return Array.from({ length: count }, (_, index) => letters[index % letters.length] ?? 0);
}
