import type { Token } from "../../conversation/tokenSequence.ts";
import { DaylongError } from "../../base/errors.ts";
import { usualSinks, windowFor } from "../defaults.ts";
import type { Experiment, Findings, LabContext } from "../experiment.ts";
import { keyLength, keysOf } from "../keyRows.ts";
import { LabModel } from "../labModel.ts";
import { modelCard } from "../modelCard.ts";
import { marginOf, mean } from "../perplexity.ts";
import { openText } from "../textTokens.ts";
import { twinPath } from "../twins.ts";

export const yarn: Experiment = {
  name: "yarn",
  title: "What shifts do to a model with YaRN positions (I)",
  what: "streaming over a fresh evaluation of the same kept tokens after 1 to 20 shifts, the same weights without YaRN beside",
  flags: { window: "cells", shifts: "evictions of a quarter of the window", excerpts: "of the text" },
  run,
};

/** After so many shifts, by excerpt: mean loss (nats) of what follows, streamed less freshly evaluated. */
interface Drifted {
  readonly name: string;
  /** Of YaRN; 1: none. */
  readonly factor: number;
  readonly gains: readonly (readonly number[])[];
  /** Of the first tokens' keys over that before all shifts, after each shift; of the first excerpt. They are never moved. */
  readonly lengths: readonly number[];
}

async function run(context: LabContext): Promise<Findings> {
  const paths = context.modelPath === undefined ? [twinPath("learnable-sink"), twinPath("yarn")] : [context.modelPath];
  const shifts = context.number("shifts", 20);
  const excerpts = context.number("excerpts", context.quick ? 4 : 12);
  const results: Drifted[] = [];
  let common: Pick<Findings, "model" | "text" | "settings"> | undefined;
  for (const [at, path] of paths.entries()) {
    const model = await LabModel.open(path, context.threads);
    try {
      const factor = yarnFactor(model);
      const window = context.number("window", windowFor(model, 256));
      const chunk = Math.floor(window / 4);
      const text = await openText(model, context.textPath);
      const length = window + shifts * chunk + 1;
      const tokens = text.first(excerpts * length + 1);
      const gains: number[][] = [];
      let lengths: readonly number[] = [];
      for (let excerpt = 0; excerpt < excerpts; excerpt++) {
        const stretch = tokens.slice(1 + excerpt * length, 1 + (excerpt + 1) * length);
        if (model.beginning !== undefined) stretch.unshift(model.beginning);
        const found = await measure(model, stretch, window, chunk, shifts);
        gains.push(found.gains);
        if (excerpt === 0) lengths = found.lengths;
        await context.progress((at + (excerpt + 1) / excerpts) / paths.length, model.verdict.name);
      }
      results.push({ name: nameOf(model, factor), factor, gains, lengths });
      common = {
        model: modelCard(model),
        text: { source: text.source, tokens: tokens.length },
        settings: { window, sinks: usualSinks, forgottenAtATime: chunk, excerpts, shifts },
      };
    } finally {
      await model.dispose();
    }
  }
  if (common === undefined) throw new Error("no model was measured");
  return { ...common, ...report(results, shifts), raw: results };
}

function nameOf(model: LabModel, factor: number): string {
  return factor === 1 ? `${model.verdict.name}, plain` : `${model.verdict.name}, YaRN ×${factor}`;
}

/**
 * The shift is made although the gate says that this model cannot be shifted: that is what is measured.
 *
 * @returns 1 for a model without YaRN
 * @throws DaylongError `model-unsupported` where a shift would end the process, or where something else is in the way
 */
function yarnFactor(model: LabModel): number {
  const { rope } = model.model.fileInfo.architectureMetadata;
  if (rope?.scaling?.type === "yarn" && !("dimension_sections" in rope)) return rope.scaling.factor ?? 1;
  if (model.verdict.mode === "stream") return 1;
  throw new DaylongError(
    "model-unsupported",
    `This measures shifts of plain models and of such with YaRN positions. ${model.verdict.reasons.join(" ")}`,
  );
}

/** By shift: mean loss of the tokens that come next, streamed less that of a fresh evaluation, and length of the first keys. */
async function measure(
  model: LabModel,
  tokens: readonly Token[],
  window: number,
  chunk: number,
  shifts: number,
): Promise<{ gains: number[]; lengths: number[] }> {
  const cells = await model.cells({ contextSize: window + 2 }); // one more for the token with which keys are looked at
  const fresh = await model.cells({ contextSize: window + 1 });
  try {
    await cells.append(tokens.slice(0, window));
    const [any = 0] = tokens;
    const length = async (): Promise<number> => keyLength(await keysOf(cells, any), usualSinks);
    const gains: number[] = [];
    const lengths: number[] = [];
    const before = await length();
    for (let shift = 0; shift < shifts; shift++) {
      await cells.erase([{ start: usualSinks, end: usualSinks + chunk }]);
      lengths.push((await length()) / before);
      await fresh.clear();
      await fresh.append(cells.tokens);
      const start = window + shift * chunk;
      const block = tokens.slice(start, start + chunk);
      const targets = block.map((_, index) => tokens[start + index + 1]);
      const asked = (losses: Float64Array): Float64Array => losses.filter((_, index) => targets[index] !== undefined);
      gains.push(mean(asked(await cells.score(block, targets))) - mean(asked(await fresh.score(block, targets))));
    }
    return { gains, lengths };
  } finally {
    await cells.dispose();
    await fresh.dispose();
  }
}

/** What llama.cpp multiplies a key with at each rotation of YaRN (Peng et al., section 3.4, as ggml has it). */
function keyScale(factor: number): number {
  return factor > 1 ? 0.1 * Math.log(factor) + 1 : 1;
}

function report(results: readonly Drifted[], shifts: number): Pick<Findings, "tables" | "plots" | "remarks"> {
  const counts = Array.from({ length: shifts }, (_, index) => index + 1);
  const at = ({ gains }: Drifted, shift: number): number[] => gains.map((excerpt) => excerpt[shift - 1] ?? Number.NaN);
  const ratio = (drifted: Drifted, shift: number): number => Math.exp(mean(at(drifted, shift)));
  const scaled = results.filter(({ factor }) => factor > 1);
  return {
    tables: [
      {
        title: "Perplexity of streaming over that of a fresh evaluation of the same kept tokens",
        columns: [
          { name: "shifts" },
          ...results.flatMap(({ name }) => [{ name }, { name: `± (95 %), ${name}`, digits: 2 }]),
          ...results.map(({ name }) => ({ name: `length of the first keys, ${name}` })),
          ...scaled.map(({ factor }) => ({ name: `${keyScale(factor).toFixed(4)} to the power of the shifts` })),
        ],
        rows: counts.map((shift) => [
          shift,
          ...results.flatMap((drifted) => {
            const value = ratio(drifted, shift);
            return [value, value * (Math.exp(marginOf(at(drifted, shift))) - 1)];
          }),
          ...results.map(({ lengths }) => lengths[shift - 1] ?? null),
          ...scaled.map(({ factor }) => keyScale(factor) ** shift),
        ]),
      },
    ],
    plots: [
      {
        kind: "line",
        name: "by-shifts",
        title: "Perplexity of streaming over a fresh evaluation of the same kept tokens",
        x: { label: "shifts" },
        y: { label: "ratio", log: true },
        series: results.map((drifted) => ({
          name: drifted.name,
          points: counts.map((shift) => [shift, ratio(drifted, shift)] as const),
        })),
      },
    ],
    remarks: [
      ...results.map((drifted) => {
        const figures = [1, 3, 10, 20].filter((shift) => shift <= shifts);
        return `${drifted.name}: ${figures.map((shift) => `${ratio(drifted, shift).toFixed(3)} after ${shift}`).join(", ")}.`;
      }),
      ...scaled.map(
        ({ factor }) =>
          `YaRN ×${factor}: llama.cpp applies its factor of ${keyScale(factor).toFixed(4)} to all keys again with each shift, ` +
          "also to the first ones, which are not moved, and so keep it for good; Daylong evaluates such models anew instead.",
      ),
    ],
  };
}
