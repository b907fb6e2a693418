import { contextMemory } from "../../engine/worker/contextMemory.ts";
import { demoModel, requireStreaming, usualSinks, windowFor } from "../defaults.ts";
import type { Experiment, Findings, LabContext } from "../experiment.ts";
import { LabModel } from "../labModel.ts";
import type { Claim } from "../labResult.ts";
import { against, measurePolicies, rawLosses, type Measured, type MeasuredPolicy } from "../measurePolicies.ts";
import { modelCard } from "../modelCard.ts";
import { perplexity, perplexityBy } from "../perplexity.ts";
import { dense, recomputation, slidingWindow, streaming } from "../policies.ts";
import { positionsBehind } from "../scoredPositions.ts";
import { affordableSize } from "../textSize.ts";
import { openText } from "../textTokens.ts";
import { evenTurns, turnAligned } from "../turnAligned.ts";

const turnTokens = 48;
/** Stretches of the text of which the perplexity is told one by one. */
const parts = 16;
/** A dense cache is read up to so many times the trained context: what it becomes shows long before. */
const denseContexts = 8;
const target = 1.02;

/** Xiao et al., figure 3: Llama-2-13B on the first book of PG19 (65K tokens), cache 1,024. */
const paper = { dense: 5641, window: 5158, recomputation: 5.43, streaming: 5.4 };

export const ppl: Experiment = {
  name: "ppl",
  title: "Perplexity by policy over the length of a text (A)",
  what: "dense, window, re-computation, streaming and turn-aligned streaming on one text",
  flags: {
    window: "cells",
    tokens: "how many are read",
    every: "which n-th token behind the first window is scored",
    minutes: "time to fit into",
  },
  suitsAnyModel: true,
  run,
};

/** A policy, and what stands beside its figures. */
interface Row extends MeasuredPolicy {
  readonly kind: "dense" | "window" | "recomputation" | "streaming" | "turns";
  readonly paper?: number;
}

async function run(context: LabContext): Promise<Findings> {
  const model = await LabModel.open(context.modelPath ?? demoModel, context.threads);
  try {
    const window = context.number("window", windowFor(model, context.quick ? 256 : 512));
    requireStreaming(model, window);
    const size = await affordableSize(
      context,
      model,
      window,
      {
        length: context.number("tokens", window * (context.quick ? 8 : 32)),
        every: context.number("every", context.quick ? 16 : 8),
      },
      { blocks: 3, singles: 2, recomputations: 2 },
    );
    const text = await openText(model, context.textPath);
    const tokens = text.first(size.length);
    const scored = positionsBehind(window, tokens.length, size.every);
    const rows = rowsFor(window, tokens.length, await denseLimit(model, window, tokens.length));
    const results = await measurePolicies(model, rows, { tokens, scored }, context);
    return {
      ...report(rows, results, scored),
      model: modelCard(model),
      text: { source: text.source, tokens: tokens.length },
      settings: { window, everyNthTokenScored: size.every },
      claims: claimsOn(rows, results),
      remarks: remarksOn(model, rows, results, scored),
      raw: rawLosses(scored, results),
    };
  } finally {
    await model.dispose();
  }
}

/** In tokens: a quarter of the free memory at most. */
async function denseLimit(model: LabModel, window: number, length: number): Promise<number> {
  const { ram } = await contextMemory(model.model, model.verdict.fileBytes, undefined);
  const affordableCells = ram.perToken > 0 ? Math.floor(ram.free / 4 / ram.perToken) : length;
  return Math.min(length, affordableCells, denseContexts * Math.max(window, model.trainedContext));
}

function rowsFor(window: number, length: number, denseCells: number): Row[] {
  const chunk = Math.floor(window / 4);
  // The product's own plan, but for what it keeps free for side questions: all policies have the same cells here.
  const limits = { reserve: 0, highWater: window, lowWater: window - Math.floor(window / 8) };
  const turns = evenTurns(usualSinks, length, turnTokens);
  return [
    { kind: "recomputation", policy: recomputation(window), cells: window, paper: paper.recomputation },
    { kind: "recomputation", policy: recomputation(window, usualSinks), cells: window },
    { kind: "dense", policy: dense(denseCells), cells: denseCells, limit: denseCells, paper: paper.dense },
    { kind: "window", policy: slidingWindow(window), cells: window, paper: paper.window },
    { kind: "streaming", policy: streaming(usualSinks, window), cells: window, paper: paper.streaming },
    { kind: "streaming", policy: streaming(usualSinks, window, chunk), cells: window },
    { kind: "turns", policy: turnAligned(usualSinks, turns, limits), cells: window },
  ];
}

function report(
  rows: readonly Row[],
  results: readonly Measured[],
  scored: readonly number[],
): Pick<Findings, "tables" | "plots"> {
  const [bare, headed] = results;
  return {
    tables: [
      {
        title: `Perplexity at ${scored.length} positions, the same for all`,
        columns: [
          { name: "policy" },
          { name: "perplexity" },
          { name: "over re-computation" },
          { name: "± (95 %)", digits: 2 },
          { name: "over re-computation with the head" },
          { name: "target", from: "target" },
          { name: "paper, perplexity", from: "paper" },
          { name: "positions", digits: 9 },
          { name: "tokens evaluated", digits: 9 },
        ],
        rows: results.map((result, index) => {
          const row = rows[index];
          const own = bare && against(result, bare);
          return [
            result.name,
            perplexity(result.losses),
            own?.ratio ?? null,
            result === bare ? null : (own?.margin ?? null),
            headed ? against(result, headed).ratio : null,
            row?.kind === "streaming" || row?.kind === "turns" ? `≤ ${target}` : null,
            row?.paper ?? null,
            result.losses.length,
            result.decoded,
          ];
        }),
      },
    ],
    plots: [
      {
        kind: "line",
        name: "by-length",
        title: "Perplexity along the text",
        x: { label: "tokens read" },
        y: { label: "perplexity", log: true },
        series: results.map(({ name, losses }) => ({
          name,
          points: perplexityBy(losses, parts).map((value, part, all) => {
            const last = Math.round(((part + 1) * losses.length) / all.length) - 1;
            return [scored[last] ?? 0, value] as const;
          }),
        })),
      },
    ],
  };
}

function claimsOn(rows: readonly Row[], results: readonly Measured[]): Claim[] {
  const [bare] = results;
  if (bare === undefined) return [];
  return results.flatMap((result, index): Claim[] => {
    const kind = rows[index]?.kind;
    if (kind !== "streaming" && kind !== "turns") return [];
    const { ratio, margin } = against(result, bare);
    const sure = ratio + margin <= target || ratio - margin > target;
    return [
      {
        claim: `${result.name}: perplexity over re-computation`,
        target: `≤ ${target}`,
        paper: (paper.streaming / paper.recomputation).toFixed(3),
        figure: `${ratio.toFixed(3)} ± ${margin.toFixed(3)}`,
        met: sure ? ratio <= target : null,
      },
    ];
  });
}

function remarksOn(
  model: LabModel,
  rows: readonly Row[],
  results: readonly Measured[],
  scored: readonly number[],
): string[] {
  const [bare, headed] = results;
  if (bare === undefined || headed === undefined || scored.length === 0)
    return ["The text is too short for this window."];
  const of = (kind: Row["kind"]): Measured[] => results.filter((_, index) => rows[index]?.kind === kind);
  const remarks = [...of("streaming"), ...of("turns")].map((result) => {
    const { ratio, margin } = against(result, bare);
    return `${result.name}: ${ratio.toFixed(4)} ± ${margin.toFixed(4)} of re-computation's perplexity, ${verdictOn(ratio, margin)} (${target}).`;
  });
  const [slid] = of("window");
  const [streamed] = of("streaming");
  if (slid !== undefined && streamed !== undefined) {
    const { ratio, margin } = against(slid, streamed);
    remarks.push(
      ratio - margin > 1
        ? `Without sinks the window's perplexity is ${ratio.toPrecision(4)} ± ${margin.toPrecision(2)} times that of streaming.`
        : `Without sinks the window does as well as streaming here (${ratio.toFixed(4)} ± ${margin.toFixed(4)}): losing the ` +
            "first tokens does this model no harm, so it shows nothing about sinks.",
    );
  }
  const [uncut] = of("dense");
  if (uncut !== undefined && uncut.losses.length < scored.length) {
    remarks.push(
      `The dense cache was stopped at position ${scored[uncut.losses.length - 1] ?? 0}; its perplexity and ratio are of the ` +
        `${uncut.losses.length} positions up to there.`,
    );
  }
  remarks.push(
    model.beginning === undefined
      ? "This model wants no token in front of a text; the head is the text's first tokens."
      : "This model wants a token in front of every text (BOS). Re-computation as in the paper evaluates the last tokens " +
          "alone, without it; with the head it stands in front again, as it does in streaming. " +
          `The latter's perplexity is ${against(headed, bare).ratio.toFixed(4)} of the former's.`,
  );
  return remarks;
}

function verdictOn(ratio: number, margin: number): string {
  if (ratio + margin <= target) return "within the target";
  if (ratio - margin > target) return "above the target";
  return "too uncertain to be called within the target or above it";
}
