import { median } from "../../base/statistics.ts";
import { demoModel, requireStreaming, usualSinks, windowFor } from "../defaults.ts";
import { driftRoom, measureDrift, type Drift } from "../drift.ts";
import type { Experiment, Findings, LabContext } from "../experiment.ts";
import { LabModel, type KeyType } from "../labModel.ts";
import { modelCard } from "../modelCard.ts";
import { marginOf, mean, perplexity, perplexityRatio, ratioMargin } from "../perplexity.ts";
import { positionsBehind } from "../scoredPositions.ts";
import { probeShifts, type Probed } from "../shiftProbe.ts";
import { affordableSize } from "../textSize.ts";
import { openText } from "../textTokens.ts";

export const chunk: Experiment = {
  name: "chunk",
  title: "What repeated shifts do to the keys, by tokens forgotten at a time and by precision (D)",
  what: "chunks of 1, 16, 64, a quarter and a half of the window, keys in 16 and 8 bits",
  flags: {
    window: "cells",
    tokens: "how many are read",
    every: "at which n-th token predictions are compared",
    chunks: "tokens forgotten at a time, several with commas between",
    shifts: "how often the same keys are shifted",
    minutes: "time to fit into",
  },
  suitsAnyModel: true,
  run,
};

/** Relative error of a key after so many shifts, in a simulation of the rotation alone. */
const simulation = {
  shifts: [1, 4, 16, 256, 2048],
  f16: [2.9e-4, 4.6e-4, 8.5e-4, 8.5e-3, 0.12],
  q8_0: [7.5e-3, 1.2e-2, 2.4e-2, 0.32, 1.3],
} as const;
const driftProbe = 32;
/** Excerpts of the text on which drift is measured. */
const driftTexts = 5;

async function run(context: LabContext): Promise<Findings> {
  const model = await LabModel.open(context.modelPath ?? demoModel, context.threads);
  try {
    const window = context.number("window", windowFor(model, context.quick ? 256 : 512));
    requireStreaming(model, window);
    const chunks = context.numbers("chunks", [...new Set([1, 16, 64, Math.floor(window / 4), Math.floor(window / 2)])]);
    const keys: KeyType[] = model.canQuantizeKeys ? ["f16", "q8_0"] : ["f16"];
    const passes = chunks.length * keys.length;
    const size = await affordableSize(
      context,
      model,
      window,
      {
        length: context.number("tokens", window * (context.quick ? 4 : 10)),
        every: context.number("every", context.quick ? 32 : 16),
      },
      { blocks: passes - keys.length, singles: keys.length, recomputations: 2 * passes },
    );
    const text = await openText(model, context.textPath);
    const tokens = text.first(Math.max(size.length, driftTexts * (window / 2 + driftProbe)));
    const probes = new Set(positionsBehind(window, size.length, size.every));
    const results: Probed[] = [];
    for (const type of keys) {
      for (const count of chunks) {
        const done = results.length;
        results.push(
          await probeShifts(model, type, count, window, tokens.slice(0, size.length), probes, (read) =>
            context.progress((0.8 * (done + read / size.length)) / passes, `${type}, ${count} at a time`),
          ),
        );
      }
    }
    const drifts = await driftOf(context, model, keys, window, tokens);
    return {
      ...report(window, results, drifts),
      model: modelCard(model),
      text: { source: text.source, tokens: size.length },
      settings: { window, sinks: usualSinks, everyNthTokenProbed: size.every },
      remarks: remarksOn(model, results, drifts),
      raw: {
        probes: [...probes],
        divergence: results.map(({ keys: type, chunk: count, shifts, fromFresh, fromBare }) => ({
          keys: type,
          chunk: count,
          shifts,
          fromSameTokens: fromFresh.map(short),
          fromWindow: fromBare.map(short),
        })),
        drift: drifts,
      },
    };
  } finally {
    await model.dispose();
  }
}

interface DriftOf {
  readonly keys: KeyType;
  /** Of each excerpt. */
  readonly excerpts: readonly (readonly Drift[])[];
}

async function driftOf(
  context: LabContext,
  model: LabModel,
  keys: readonly KeyType[],
  window: number,
  tokens: readonly number[],
): Promise<DriftOf[]> {
  const most = context.number("shifts", context.quick ? 64 : 2048);
  const counts = [1, 4, 16, 64, 256, 1024, 2048, 4096, 8192].filter((count) => count <= most);
  const length = Math.floor(window / 2);
  const found: DriftOf[] = [];
  for (const [at, type] of keys.entries()) {
    const cells = await model.cells({ contextSize: length + driftProbe + driftRoom + 1, keys: type });
    const excerpts: Drift[][] = [];
    try {
      for (let excerpt = 0; excerpt < driftTexts; excerpt++) {
        const start = excerpt * (length + driftProbe);
        const stretch = tokens.slice(start, start + length + driftProbe);
        excerpts.push(
          await measureDrift(cells, stretch.slice(0, length), stretch.slice(length), counts, (shifts) =>
            context.progress(
              0.8 + (0.2 * (at + (excerpt + shifts / most) / driftTexts)) / keys.length,
              `${type}, ${shifts} shifts of the same keys`,
            ),
          ),
        );
      }
    } finally {
      await cells.dispose();
    }
    found.push({ keys: type, excerpts });
  }
  return found;
}

function report(
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
          { name: "relative error of a key (simulation, not measured here)" },
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

function remarksOn(model: LabModel, results: readonly Probed[], drifts: readonly DriftOf[]): string[] {
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

function short(value: number): number {
  return Number(value.toPrecision(4));
}
