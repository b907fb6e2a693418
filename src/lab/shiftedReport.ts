import { median } from "../base/statistics.ts";
import { driftRound, type Drift } from "./drift.ts";
import type { KeyType } from "./labModel.ts";
import type { LinePlot, Table } from "./labResult.ts";
import type { Moved } from "./movedText.ts";

/** Excerpts of the text that are moved, if there is time. */
export const movedTexts = 5;

/**
 * Relative error of a key after about so many shifts (1, 4, 16, 256 and 2,048) in a simulation of the rotation alone, which
 * was there before anything had been measured.
 */
const simulation = {
  shifts: [1, 4, driftRound, 16 * driftRound, 120 * driftRound],
  f16: [2.9e-4, 4.6e-4, 8.5e-4, 8.5e-3, 0.12],
  q8_0: [7.5e-3, 1.2e-2, 2.4e-2, 0.32, 1.3],
} as const;

/** What repeated shifts of the same keys do, with keys of one type; by excerpt. */
export interface ShiftedAgain {
  readonly keys: KeyType;
  readonly drifts: readonly (readonly Drift[])[];
  /** Tokens forgotten at a time, for each descent through the window. */
  readonly steps: readonly number[];
  readonly descents: readonly (readonly Moved[])[];
}

export function shiftedTables(window: number, shifted: readonly ShiftedAgain[]): Table[] {
  const texts = shifted[0]?.drifts.length ?? 0;
  return [
    {
      title: `Keys that have passed through the whole window: lifted by ${window} at once, and down again in steps (median of ${texts} excerpts)`,
      columns: [
        { name: "keys" },
        { name: "forgotten at a time" },
        { name: "shifts" },
        { name: "relative error of the keys" },
        { name: "of the worst element of a head" },
        { name: "of the best" },
        { name: "divergence from before, nats" },
        { name: "perplexity over that before" },
      ],
      rows: shifted.flatMap(({ keys, steps, descents }) =>
        steps.map((step, at) => [
          keys,
          step,
          1 + Math.ceil(window / step),
          errorOf(descents, at, "all"),
          errorOf(descents, at, "worst"),
          errorOf(descents, at, "best"),
          median(descents.map((excerpt) => excerpt[at]?.divergence ?? Number.NaN)),
          median(descents.map((excerpt) => excerpt[at]?.ratio ?? Number.NaN)),
        ]),
      ),
    },
    {
      title: `The same keys shifted again and again, nothing else changed (median of ${texts} excerpts)`,
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
      rows: shifted.flatMap(({ keys, drifts: excerpts }) =>
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
            errorOf(excerpts, at),
            simulation[keys][simulated] ?? null,
          ];
        }),
      ),
    },
  ];
}

export function shiftedPlots(shifted: readonly ShiftedAgain[]): LinePlot[] {
  return [
    {
      kind: "line",
      name: "error-by-chunk",
      title: "Relative error of keys that have passed through the whole window",
      x: { label: "tokens forgotten at a time", log: true },
      y: { label: "error", log: true },
      series: shifted.flatMap(({ keys, steps, descents }) =>
        (["worst", "all", "best"] as const).map((which) => ({
          name: `${keys}, ${{ worst: "worst element of a head", all: "all", best: "best element" }[which]}`,
          points: steps.flatMap((step, at) => {
            const error = errorOf(descents, at, which);
            return error === null ? [] : [[step, error] as const];
          }),
        })),
      ),
    },
    {
      kind: "line",
      name: "drift",
      title: "Divergence of the predictions when the same keys are shifted again and again",
      x: { label: "shifts", log: true },
      y: { label: "nats", log: true },
      series: shifted.map(({ keys, drifts: excerpts }) => ({
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
      series: shifted.flatMap(({ keys, drifts: excerpts }) => [
        {
          name: keys,
          points: (excerpts[0] ?? []).flatMap(({ shifts }, at) => {
            const error = errorOf(excerpts, at);
            return error === null ? [] : [[shifts, error] as const];
          }),
        },
        {
          name: `${keys} (simulation)`,
          points: simulation.shifts.flatMap((count, at) =>
            count <= (excerpts[0]?.at(-1)?.shifts ?? 0) ? [[count, simulation[keys][at] ?? 0] as const] : [],
          ),
        },
      ]),
    },
  ];
}

/** The finest steps beside the coarsest; nothing where keys could not be compared. */
export function descentRemark({ keys, steps, descents }: ShiftedAgain): string[] {
  const told = [0, steps.length - 1].map((at) => {
    const [all, worst, best] = (["all", "worst", "best"] as const).map((which) => errorOf(descents, at, which));
    if (all == null || worst == null || best == null) return undefined;
    const shown = [all, worst, best].map((error) => error.toPrecision(2));
    return `${steps[at] ?? 0} at a time off by ${shown[0] ?? ""} (elements of a head from ${shown[2] ?? ""} to ${shown[1] ?? ""})`;
  });
  const [fine, coarse] = told;
  if (fine === undefined || coarse === undefined) return [];
  return [`${keys}: keys that have passed through the whole window are, ${fine}, ${coarse}.`];
}

/** Median of the excerpts; null where keys could not be compared. */
function errorOf(
  excerpts: readonly (readonly Moved[])[],
  at: number,
  which: "all" | "worst" | "best" = "all",
): number | null {
  const errors = excerpts.flatMap((excerpt) => excerpt[at]?.keys?.[which] ?? []);
  return errors.length === 0 ? null : median(errors);
}
