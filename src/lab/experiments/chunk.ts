import { chunkReport, chunkRemarks } from "../chunkReport.ts";
import { requireStreaming, usualSinks, windowFor } from "../defaults.ts";
import { driftRoom, driftRound, measureDescent, measureDrift, type Drift } from "../drift.ts";
import type { Experiment, Findings, LabContext } from "../experiment.ts";
import { LabModel, type KeyType } from "../labModel.ts";
import { modelCard } from "../modelCard.ts";
import { MovedText, type Moved } from "../movedText.ts";
import { affordable } from "../pace.ts";
import { positionsBehind } from "../scoredPositions.ts";
import { probeShifts, type Probed } from "../shiftProbe.ts";
import { movedTexts, type ShiftedAgain } from "../shiftedReport.ts";
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
    const plan = await shiftPlan(context, model, keys.length, chunks, window);
    const text = await openText(model, context.textPath);
    const tokens = text.first(Math.max(size.length, movedTexts * (window / 2 + driftProbe)));
    const probes = new Set(positionsBehind(window, size.length, size.every));
    const results: Probed[] = [];
    for (const type of keys) {
      for (const count of chunks) {
        const done = results.length;
        results.push(
          await probeShifts(model, type, count, window, tokens.slice(0, size.length), probes, (read) =>
            context.progress((0.7 * (done + read / size.length)) / passes, `${type}, ${count} at a time`),
          ),
        );
      }
    }
    const shifted = await shiftAgain(context, model, keys, plan, window, tokens);
    return {
      ...chunkReport(window, results, shifted),
      model: modelCard(model),
      text: { source: text.source, tokens: size.length },
      settings: { window, sinks: usualSinks, everyNthTokenProbed: size.every },
      remarks: chunkRemarks(model, results, shifted),
      raw: {
        probes: [...probes],
        divergence: results.map(({ keys: type, chunk: count, shifts, fromFresh, fromBare }) => ({
          keys: type,
          chunk: count,
          shifts,
          fromSameTokens: fromFresh.map(short),
          fromWindow: fromBare.map(short),
        })),
        shiftedAgain: shifted,
      },
    };
  } finally {
    await model.dispose();
  }
}

interface ShiftPlan {
  /** Shifts of the same keys. */
  readonly most: number;
  /** Tokens forgotten at a time, for each descent. */
  readonly steps: readonly number[];
  /** Excerpts of the text: as many as there is time for, one at least. */
  readonly texts: number;
}

async function shiftPlan(
  context: LabContext,
  model: LabModel,
  types: number,
  chunks: readonly number[],
  window: number,
): Promise<ShiftPlan> {
  const most = context.number("shifts", (context.quick ? 4 : 120) * driftRound);
  // A key is shifted once for each token in the window where they are forgotten one by one.
  const steps = context.quick ? chunks.filter((count) => count > 1) : chunks;
  const shifts = most + steps.reduce((sum, step) => sum + 1 + Math.ceil(window / step), 0);
  const part = await affordable(context, model, (some, { single }) => some * movedTexts * types * shifts * single);
  return { most, steps, texts: Math.max(1, Math.floor(part * movedTexts)) };
}

/** Moves texts of half a window as a whole: many times up and down, and down through a whole window in steps. */
async function shiftAgain(
  context: LabContext,
  model: LabModel,
  keys: readonly KeyType[],
  { most, steps, texts }: ShiftPlan,
  window: number,
  tokens: readonly number[],
): Promise<ShiftedAgain[]> {
  const counts = driftShifts.filter((count) => count <= most);
  const length = Math.floor(window / 2);
  const headSize = model.verdict.headDim;
  const found: ShiftedAgain[] = [];
  for (const [at, type] of keys.entries()) {
    const contextSize = length + driftProbe + Math.max(window, driftRoom) + 1;
    const cells = await model.cells({ contextSize, keys: type });
    const drifts: Drift[][] = [];
    const descents: Moved[][] = [];
    try {
      for (let excerpt = 0; excerpt < texts; excerpt++) {
        const tell = (done: number, what: string): Promise<void> =>
          context.progress(0.7 + (0.3 * (at + (excerpt + done) / texts)) / keys.length, `${type}, ${what}`);
        const start = excerpt * (length + driftProbe);
        const text = tokens.slice(start, start + length);
        const probe = tokens.slice(start + length, start + length + driftProbe);
        const placed = (): Promise<MovedText> => MovedText.place(cells, text, probe, headSize);
        drifts.push(
          await measureDrift(await placed(), counts, (shifts) =>
            tell((0.6 * shifts) / most, `${shifts} shifts of the same keys`),
          ),
        );
        const down: Moved[] = [];
        for (const step of steps) {
          await tell(0.6 + (0.4 * down.length) / steps.length, `down through the window by ${step}`);
          down.push(await measureDescent(await placed(), window, step));
        }
        descents.push(down);
      }
    } finally {
      await cells.dispose();
    }
    found.push({ keys: type, drifts, steps, descents });
  }
  return found;
}

function short(value: number): number {
  return Number(value.toPrecision(4));
}
