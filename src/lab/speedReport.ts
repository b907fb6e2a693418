import type { Summary } from "../base/statistics.ts";
import type { Claim, LinePlot, Table } from "./labResult.ts";
import { keyValueBytes, shiftBytes, type ModelShape } from "./modelShape.ts";

/** What tokens cost with a cache of one size. */
export interface CacheTimes {
  readonly window: number;
  /** Milliseconds for a token with a full window, and with three quarters of it. */
  readonly full: Summary;
  readonly threeQuarters: Summary;
  /** Milliseconds that a shift of nearly the whole window adds to the decode behind it. */
  readonly pause: Summary;
  /** Milliseconds for a token when every token evicts one, as in the paper. */
  readonly each: Summary;
  /** Milliseconds to evaluate the whole window: one token by re-computation. */
  readonly recomputation: Summary;
  readonly rssMegabytes: number;
  readonly decodedAgain: number;
}

/** Xiao et al., figure 10: Llama-2-13B on one A6000, ms per token with re-computation and streaming. */
const paper: Readonly<Record<number, readonly [recomputation: number, streaming: number]>> = {
  256: [99, 48],
  512: [169, 52],
  1024: [361, 60],
  2048: [860, 75],
  4096: [2355, 106],
};
/** At this cache streaming is to be so many times as fast. */
const targetWindow = 4096;
const targetRatio = 300;

/** Milliseconds for a token with a quarter of the window evicted each time, as the product does: a shift for many tokens. */
function streamingTime({ window, full, threeQuarters, pause }: CacheTimes): number {
  return (full.p50 + threeQuarters.p50) / 2 + pause.p50 / (window / 4);
}

function ratioOf(result: CacheTimes): number {
  return result.recomputation.p50 / streamingTime(result);
}

export function cacheTimes(results: readonly CacheTimes[]): Table {
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
        result.window === targetWindow ? `≥ ${targetRatio}` : null,
        published === undefined ? null : published[0] / published[1],
        result.decodedAgain,
      ];
    }),
  };
}

export function cacheLimits(
  shape: ModelShape,
  fileBytes: number,
  bandwidth: number,
  results: readonly CacheTimes[],
): Table {
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
    rows: results.map(({ window, full, pause, recomputation }) => [
      window,
      full.p50,
      milliseconds(perParameter * shape.activeParameters + keyValueBytes(shape, window)),
      pause.p50,
      pause.p99,
      milliseconds(shiftBytes(shape, window)),
      pause.p50 / full.p50,
      "≤ 1",
      (2 * shape.activeParameters * window) / recomputation.p50 / 1e6,
    ]),
  };
}

export function cacheMemory(results: readonly CacheTimes[], shape: ModelShape): Table {
  return {
    title: "Memory",
    columns: [{ name: "cache" }, { name: "keys and values, MB" }, { name: "RSS of the process, MB" }],
    rows: results.map(({ window, rssMegabytes }) => [window, keyValueBytes(shape, window) / 1e6, rssMegabytes]),
  };
}

export function cachePlot(results: readonly CacheTimes[]): LinePlot {
  const series = (name: string, of: (result: CacheTimes) => number) => ({
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

export function cacheRemarks(results: readonly CacheTimes[]): string[] {
  const largest = results.at(-1);
  if (largest === undefined) return [];
  const published = paper[largest.window];
  return [
    `At ${largest.window} tokens a token takes ${ratioOf(largest).toPrecision(3)} times as long with re-computation as with ` +
      `streaming${published === undefined ? "" : ` (the paper: ${(published[0] / published[1]).toFixed(1)} on another model and a GPU)`}.`,
    `A shift adds ${largest.pause.p50.toPrecision(3)} ms to the token behind it, which is ` +
      `${(largest.pause.p50 / largest.full.p50).toPrecision(2)} of a decode step, once in ${Math.floor(largest.window / 4)} tokens.`,
  ];
}

export function cacheClaims(results: readonly CacheTimes[]): Claim[] {
  const largest = results.at(-1);
  if (largest === undefined) return [];
  const { window } = largest;
  const published = paper[window];
  const ratio = ratioOf(largest);
  const overDecode = (of: "p50" | "p99"): number => Math.max(...results.map(({ pause, full }) => pause[of] / full.p50));
  const pause = overDecode("p99");
  const again = results.reduce((sum, { decodedAgain }) => sum + decodedAgain, 0);
  return [
    {
      claim: `Time for a token at a cache of ${window}: re-computation over streaming`,
      ...(published === undefined ? {} : { paper: (published[0] / published[1]).toFixed(1) }),
      ...(window === targetWindow ? { target: `≥ ${targetRatio}` } : {}),
      figure: ratio.toPrecision(3),
      met: window === targetWindow ? ratio >= targetRatio : null,
    },
    {
      claim: "Pause for a shift of nearly the whole window (p99) over a decode step, at most",
      target: "≤ 1",
      figure: `${pause.toPrecision(2)} (median ${overDecode("p50").toPrecision(2)})`,
      met: pause <= 1,
    },
    {
      claim: "Old tokens evaluated again for an eviction",
      target: "0",
      figure: String(again),
      met: again === 0,
    },
  ];
}
