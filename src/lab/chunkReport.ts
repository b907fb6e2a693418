import { median } from "../base/statistics.ts";
import { usualSinks } from "./defaults.ts";
import { driftRound, type Drift } from "./drift.ts";
import type { Findings } from "./experiment.ts";
import type { KeyType, LabModel } from "./labModel.ts";
import { marginOf, mean, perplexity, perplexityRatio, ratioMargin } from "./perplexity.ts";
import type { Probed } from "./shiftProbe.ts";

/** Excerpts of the text on which drift is measured. */
export const driftTexts = 5;

/**
 * Relative error of a key after about so many shifts (1, 4, 16, 256 and 2,048) in a simulation of the rotation alone, which
 * was there before anything had been measured.
 */
const simulation = {
  shifts: [1, 4, driftRound, 16 * driftRound, 120 * driftRound],
  f16: [2.9e-4, 4.6e-4, 8.5e-4, 8.5e-3, 0.12],
  q8_0: [7.5e-3, 1.2e-2, 2.4e-2, 0.32, 1.3],
} as const;

/** What repeated shifts of the same keys do, with keys of one type. */
export interface DriftOf {
  readonly keys: KeyType;
  /** Of each excerpt. */
  readonly excerpts: readonly (readonly Drift[])[];
}

export function chunkReport(
  window: number,
  results: readonly Probed[],
  drifts: readonly DriftOf[],
): Pick<Findings, "tables" | "plots"> {
  return {
    tables: [
      {
        title: `By tokens forgotten at a time, at ${results[0]?.losses.length ?? 0} positions, the same for all`,
        columns: [
          { name: "keys" },
          { name: "forgotten at a time" },
          { name: "shifts of a key at most" },
          { name: "perplexity" },
          { name: "over re-computation" },
          { name: "± (95 %)", digits: 2 },
          { name: "over a fresh evaluation of the same tokens" },
          { name: "± (95 %), same tokens", digits: 2 },
          { name: "divergence from re-computation, nats" },
          { name: "divergence from the same tokens, nats" },
          { name: "± (95 %), divergence", digits: 2 },
        ],
        rows: results.map(({ keys, chunk: count, losses, freshLosses, bareLosses, fromFresh, fromBare }) => [
          keys,
          count,
          Math.ceil((window - usualSinks) / count) - 1,
          perplexity(losses),
          perplexityRatio(losses, bareLosses),
          ratioMargin(losses, bareLosses),
          perplexityRatio(losses, freshLosses),
          ratioMargin(losses, freshLosses),
          mean(fromBare),
          mean(fromFresh),
          marginOf(fromFresh),
        ]),
      },
      {
        title: `The same keys shifted again and again, nothing else changed (median of ${driftTexts} excerpts)`,
        columns: [
          { name: "keys" },
          { name: "shifts" },
          { name: "divergence from before, nats" },
          { name: "least", digits: 2 },
          { name: "most", digits: 2 },
          { name: "perplexity over that before" },
          { name: "relative error of the keys" },
          { name: "relative error (simulation)" },
        ],
        rows: drifts.flatMap(({ keys, excerpts }) =>
          (excerpts[0] ?? []).map(({ shifts }, at) => {
            const divergences = excerpts.map((excerpt) => excerpt[at]?.divergence ?? Number.NaN);
            const simulated = simulation.shifts.findIndex((count) => count === shifts);
            return [
              keys,
              shifts,
              median(divergences),
              Math.min(...divergences),
              Math.max(...divergences),
              median(excerpts.map((excerpt) => excerpt[at]?.ratio ?? Number.NaN)),
              errorAt(excerpts, at),
              simulation[keys][simulated] ?? null,
            ];
          }),
        ),
      },
    ],
    plots: [
      {
        kind: "line",
        name: "divergence-by-evictions",
        title: "Divergence from a fresh evaluation of the same tokens",
        x: { label: "evictions", log: true },
        y: { label: "nats", log: true },
        series: results.map(({ keys, chunk: count, shifts, fromFresh }) => ({
          name: `${keys}, ${count} at a time`,
          points: averaged(shifts, fromFresh),
        })),
      },
      {
        kind: "line",
        name: "drift",
        title: "Divergence of the predictions when the same keys are shifted again and again",
        x: { label: "shifts", log: true },
        y: { label: "nats", log: true },
        series: drifts.map(({ keys, excerpts }) => ({
          name: keys,
          points: (excerpts[0] ?? []).map(
            ({ shifts }, at) =>
              [shifts, median(excerpts.map((excerpt) => excerpt[at]?.divergence ?? Number.NaN))] as const,
          ),
        })),
      },
      {
        kind: "line",
        name: "key-error",
        title: "Relative error of the keys when they are shifted again and again",
        x: { label: "shifts", log: true },
        y: { label: "error", log: true },
        series: drifts.flatMap(({ keys, excerpts }) => [
          {
            name: keys,
            points: (excerpts[0] ?? []).flatMap(({ shifts }, at) => {
              const error = errorAt(excerpts, at);
              return error === null ? [] : [[shifts, error] as const];
            }),
          },
          {
            name: `${keys} (simulation)`,
            points: simulation.shifts.map((count, at) => [count, simulation[keys][at] ?? 0]),
          },
        ]),
      },
    ],
  };
}

/** Median of the excerpts; null where keys could not be compared. */
function errorAt(excerpts: readonly (readonly Drift[])[], at: number): number | null {
  const errors = excerpts.flatMap((excerpt) => excerpt[at]?.keyError ?? []);
  return errors.length === 0 ? null : median(errors);
}

/** At most twelve points, each the mean of neighbours. */
function averaged(x: readonly number[], y: readonly number[], most = 12): (readonly [number, number])[] {
  const count = Math.min(most, x.length);
  return Array.from({ length: count }, (_, part) => {
    const [from, to] = [Math.floor((part * x.length) / count), Math.floor(((part + 1) * x.length) / count)];
    return [mean(x.slice(from, to)), mean(y.slice(from, to))] as const;
  });
}

export function chunkRemarks(model: LabModel, results: readonly Probed[], drifts: readonly DriftOf[]): string[] {
  const remarks = results.map(
    ({ keys, chunk: count, losses, freshLosses }) =>
      `${keys}, ${count} at a time: ${perplexityRatio(losses, freshLosses).toFixed(4)} ± ` +
      `${ratioMargin(losses, freshLosses).toFixed(4)} of the perplexity of a fresh evaluation of the same tokens.`,
  );
  for (const { keys, excerpts } of drifts) {
    const last = excerpts.flatMap((excerpt) => excerpt.slice(-1));
    remarks.push(
      `${keys}: after ${last[0]?.shifts ?? 0} shifts of the same keys the predictions differ by ` +
        `${median(last.map((drift) => drift.divergence)).toPrecision(3)} nats, perplexity is ` +
        `${median(last.map((drift) => drift.ratio)).toFixed(4)} of that before.`,
    );
  }
  if (!model.canQuantizeKeys) {
    remarks.push(
      `Keys in 8 bits are not measured: the heads of this model are ${model.verdict.headDim} wide, and llama.cpp faults on a ` +
        "shift of 8-bit keys unless that is a multiple of 64.",
    );
  }
  return remarks;
}
