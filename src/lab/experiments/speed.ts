import { median, summarise, type Summary } from "../../base/statistics.ts";
import type { Experiment, Findings, LabContext } from "../experiment.ts";
import type { LabCells } from "../labCells.ts";
import { LabModel } from "../labModel.ts";
import { memoryBandwidth } from "../machineSpeed.ts";
import { modelCard } from "../modelCard.ts";
import { modelShape } from "../modelShape.ts";
import { affordable, type Pace } from "../pace.ts";
import { realShapeModel } from "../realShapeModel.ts";
import {
  cacheClaims,
  cacheLimits,
  cacheMemory,
  cachePlot,
  cacheRemarks,
  cacheTimes,
  type CacheTimes,
} from "../speedReport.ts";

const sinks = 4;
/** Tokens decoded one by one at each height of the window. */
const steps = 8;
/** Shifts in each round, and the tokens that each frees: few, so that nearly the whole window is moved. */
const pauses = 8;
const forgotten = 32;
/** As the engine reads a long prompt on the CPU. */
const batch = 128;

export const speed: Experiment = {
  name: "speed",
  title: "Time and memory for a token, by the size of the cache (H)",
  what: "streaming beside re-computation at the shape of a 0.5B model, with their limits",
  flags: {
    windows: "sizes of the cache, with commas between",
    rounds: "how often each is measured",
    minutes: "time to fit into: as many sizes, from the smallest on",
  },
  suitsAnyModel: true,
  run,
};

async function run(context: LabContext): Promise<Findings> {
  const { path, note } = realShapeModel(context);
  const model = await LabModel.open(path, context.threads);
  try {
    const wanted = context.numbers("windows", context.quick ? [256, 512, 1024] : [256, 512, 1024, 2048, 4096]);
    const rounds = context.number("rounds", context.quick ? 2 : 5);
    const windows = await affordableWindows(context, model, wanted, rounds);
    const shape = modelShape(path);
    const results: CacheTimes[] = [];
    for (const [index, window] of windows.entries()) {
      const report = (fraction: number): Promise<void> =>
        context.progress((index + fraction) / windows.length, `a window of ${window} tokens`);
      results.push(await measure(model, window, rounds, report));
    }
    const bandwidth = memoryBandwidth();
    const limits = cacheLimits(shape, modelCard(model).megabytes * 1e6, bandwidth, results);
    return {
      model: modelCard(model),
      settings: { threads: context.threads, rounds, batch, model: note },
      tables: [cacheTimes(results), limits, cacheMemory(results, shape)],
      plots: [cachePlot(results)],
      claims: cacheClaims(results),
      remarks: cacheRemarks(results),
      raw: { results, shape, bandwidth },
    };
  } finally {
    await model.dispose();
  }
}

/** The first one at least. */
async function affordableWindows(
  context: LabContext,
  model: LabModel,
  wanted: readonly number[],
  rounds: number,
): Promise<readonly number[]> {
  const cost = (window: number, { prefill, single }: Pace): number =>
    rounds * ((1.25 * window + pauses * forgotten) * prefill + (3 * steps + pauses) * single);
  const first = (part: number): readonly number[] => wanted.slice(0, Math.max(1, Math.floor(part * wanted.length)));
  const part = await affordable(context, model, (some, pace) =>
    first(some).reduce((sum, window) => sum + cost(window, pace), 0),
  );
  return first(part);
}

async function measure(
  model: LabModel,
  window: number,
  rounds: number,
  report: (fraction: number) => Promise<void>,
): Promise<CacheTimes> {
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
      await cells.erase([{ start: sinks, end: sinks + quarter }]);
      await append(1);
      const after: number[] = [];
      for (let step = 0; step < steps; step++) after.push(await append(1));
      take("threeQuarters", median(after));
      await fill(cells, last, append);
      for (let pause = 0; pause < pauses; pause++) {
        const began = performance.now();
        await cells.erase([{ start: sinks, end: sinks + forgotten }]);
        await append(1);
        take("pause", performance.now() - began - median(full));
        await append(forgotten - 1);
      }
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

/** Any tokens do for time; no special ones. */
function anyTokens({ model }: LabModel, count: number): number[] {
  const letters = model.tokenize("abcdefgh".repeat(Math.ceil(count / 2)));
  return Array.from({ length: count }, (_, index) => letters[index % letters.length] ?? 0);
}
