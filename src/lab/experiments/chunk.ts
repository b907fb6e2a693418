import { chunkReport, chunkRemarks, driftTexts, type DriftOf } from "../chunkReport.ts";
import { requireStreaming, usualSinks, windowFor } from "../defaults.ts";
import { driftRoom, driftRound, measureDrift, type Drift } from "../drift.ts";
import type { Experiment, Findings, LabContext } from "../experiment.ts";
import { LabModel, type KeyType } from "../labModel.ts";
import { modelCard } from "../modelCard.ts";
import { positionsBehind } from "../scoredPositions.ts";
import { probeShifts, type Probed } from "../shiftProbe.ts";
import { affordableSize } from "../textSize.ts";
import { openText } from "../textTokens.ts";
import { twinPath } from "../twins.ts";

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

/** Shifts after which it is looked, most of them such that the keys stand where they stood. */
const driftShifts = [1, 4, ...[1, 4, 16, 60, 120, 240, 480].map((rounds) => rounds * driftRound)];
const driftProbe = 32;

async function run(context: LabContext): Promise<Findings> {
  // Of the models that are here the twins alone have heads that can be shifted with keys in 8 bits.
  const model = await LabModel.open(context.modelPath ?? twinPath("learnable-sink"), context.threads);
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
      ...chunkReport(window, results, drifts),
      model: modelCard(model),
      text: { source: text.source, tokens: size.length },
      settings: { window, sinks: usualSinks, everyNthTokenProbed: size.every },
      remarks: chunkRemarks(model, results, drifts),
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

async function driftOf(
  context: LabContext,
  model: LabModel,
  keys: readonly KeyType[],
  window: number,
  tokens: readonly number[],
): Promise<DriftOf[]> {
  const most = context.number("shifts", (context.quick ? 4 : 120) * driftRound);
  const counts = driftShifts.filter((count) => count <= most);
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

function short(value: number): number {
  return Number(value.toPrecision(4));
}
