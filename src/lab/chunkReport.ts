import { median } from "../base/statistics.ts";
import { usualSinks } from "./defaults.ts";
import type { Findings } from "./experiment.ts";
import type { LabModel } from "./labModel.ts";
import { marginOf, mean, perplexity, perplexityRatio, ratioMargin } from "./perplexity.ts";
import { descentRemark, shiftedPlots, shiftedTables, type ShiftedAgain } from "./shiftedReport.ts";
import type { Probed } from "./shiftProbe.ts";

export function chunkReport(
  window: number,
  results: readonly Probed[],
  shifted: readonly ShiftedAgain[],
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
      ...shiftedTables(window, shifted),
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
      ...shiftedPlots(shifted),
    ],
  };
}

/** At most twelve points, each the mean of neighbours. */
function averaged(x: readonly number[], y: readonly number[], most = 12): (readonly [number, number])[] {
  const count = Math.min(most, x.length);
  return Array.from({ length: count }, (_, part) => {
    const [from, to] = [Math.floor((part * x.length) / count), Math.floor(((part + 1) * x.length) / count)];
    return [mean(x.slice(from, to)), mean(y.slice(from, to))] as const;
  });
}

export function chunkRemarks(model: LabModel, results: readonly Probed[], shifted: readonly ShiftedAgain[]): string[] {
  const remarks = results.map(
    ({ keys, chunk: count, losses, freshLosses }) =>
      `${keys}, ${count} at a time: ${perplexityRatio(losses, freshLosses).toFixed(4)} ± ` +
      `${ratioMargin(losses, freshLosses).toFixed(4)} of the perplexity of a fresh evaluation of the same tokens.`,
  );
  remarks.push(...shifted.flatMap(descentRemark));
  for (const { keys, drifts: excerpts } of shifted) {
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
