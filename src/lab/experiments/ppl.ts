import { evictionLimits } from "../../conversation/evictionPlan.ts";
import { demoModel, windowFor } from "../defaults.ts";
import type { Experiment, Findings, LabContext } from "../experiment.ts";
import type { Claim } from "../labResult.ts";
import { modelCard } from "../modelCard.ts";
import { LabModel } from "../labModel.ts";
import { perplexity, perplexityBy, ratioMargin } from "../perplexity.ts";
import { dense, evenTurns, recomputation, slidingWindow, streaming, turnAligned } from "../policies.ts";
import type { CachePolicy } from "../policy.ts";
import { positionsBehind } from "../scoredPositions.ts";
import { textTokens } from "../textTokens.ts";

/** Sinks in the paper and in this project. */
const sinks = 4;
const turnTokens = 48;
/** Stretches of the text of which the perplexity is told one by one. */
const parts = 16;
/** Xiao et al., figure 3: Llama-2-13B on the first book of PG19 (65K tokens), cache 1,024. */
const paper: Readonly<Record<string, number>> = { dense: 5641, window: 5158, "re-computation": 5.43, streaming: 5.4 };
const target = 1.02;

export const ppl: Experiment = {
  name: "ppl",
  title: "Perplexity by policy over the length of a text (A)",
  what: "dense, window, re-computation, streaming and turn-aligned streaming on one text",
  flags: {
    tokens: "how many of the text are read",
    window: "cells of all policies but the dense one",
    every: "how many positions apart the next token is scored",
  },
  suitsAnyModel: true,
  run,
};

interface Measured {
  readonly policy: CachePolicy;
  readonly kind: string;
  readonly losses: Float64Array;
  readonly decoded: number;
}

async function run(context: LabContext): Promise<Findings> {
  const model = await LabModel.open(context.modelPath ?? demoModel, context.threads);
  try {
    const window = context.number("window", windowFor(model, context.quick ? 256 : 512));
    const length = context.number("tokens", window * (context.quick ? 12 : 64));
    const every = context.number("every", context.quick ? 16 : 8);
    const { source, tokens } = await textTokens(model, context.textPath, length);
    const text = { tokens, scored: positionsBehind(window, length, every) };
    const results: Measured[] = [];
    const policies = policiesFor(window, length);
    for (const [index, { kind, policy, cells: contextSize }] of policies.entries()) {
      const cells = await model.cells({ contextSize });
      const before = cells.decodedTokens;
      const losses = await policy.read(cells, text, (read) =>
        context.progress((index + read / length) / policies.length, policy.name),
      );
      results.push({ policy, kind, losses, decoded: cells.decodedTokens - before });
      await cells.dispose();
    }
    return {
      ...report(results, text.scored, length),
      model: modelCard(model),
      text: { source, tokens: length },
      settings: { window, every },
    };
  } finally {
    await model.dispose();
  }
}

function policiesFor(window: number, length: number): { kind: string; policy: CachePolicy; cells: number }[] {
  // The library keeps one cell free.
  const size = window + 1;
  const limits = evictionLimits(window);
  return [
    { kind: "dense", policy: dense(length), cells: length + 1 },
    { kind: "window", policy: slidingWindow(window), cells: size },
    { kind: "re-computation", policy: recomputation(window), cells: size },
    { kind: "streaming", policy: streaming(sinks, window), cells: size },
    { kind: "turn-aligned", policy: turnAligned(sinks, evenTurns(sinks, length, turnTokens), limits), cells: size },
  ];
}

function report(
  results: readonly Measured[],
  scored: readonly number[],
  length: number,
): Pick<Findings, "claims" | "tables" | "plots" | "remarks" | "raw"> {
  const oracle = results.find(({ kind }) => kind === "re-computation")?.losses ?? new Float64Array(0);
  const ratioOf = (losses: Float64Array): number => perplexity(losses) / perplexity(oracle);
  return {
    claims: claimsOn(results, ratioOf),
    tables: [
      {
        title: `Perplexity at ${scored.length} positions, the same for all`,
        columns: [
          { name: "policy" },
          { name: "perplexity" },
          { name: "over re-computation" },
          { name: "± (95 %)", digits: 2 },
          { name: "target", from: "target" },
          { name: "paper, perplexity", from: "paper" },
          { name: "tokens decoded", digits: 9 },
        ],
        rows: results.map(({ policy, kind, losses, decoded }) => [
          policy.name,
          perplexity(losses),
          ratioOf(losses),
          losses === oracle ? null : ratioMargin(losses, oracle),
          kind === "streaming" || kind === "turn-aligned" ? `≤ ${target}` : null,
          paper[kind] ?? null,
          decoded,
        ]),
      },
    ],
    plots: [
      {
        kind: "line",
        name: "by-length",
        title: "Perplexity along the text",
        x: { label: "tokens read" },
        y: { label: "perplexity", log: true },
        series: results.map(({ policy, losses }) => ({
          name: policy.name,
          points: perplexityBy(losses, parts).map((value, part) => [((part + 1) * length) / parts, value] as const),
        })),
      },
    ],
    remarks: remarksOn(results, ratioOf),
    raw: { scored, losses: Object.fromEntries(results.map(({ policy, losses }) => [policy.name, [...losses]])) },
  };
}

function claimsOn(results: readonly Measured[], ratioOf: (losses: Float64Array) => number): Claim[] {
  const paperRatio = ((paper["streaming"] ?? NaN) / (paper["re-computation"] ?? NaN)).toFixed(3);
  return results
    .filter(({ kind }) => kind === "streaming" || kind === "turn-aligned")
    .map(({ kind, policy, losses }) => ({
      claim: `Perplexity over that of re-computation, ${policy.name}`,
      target: `≤ ${target}`,
      ...(kind === "streaming" ? { paper: paperRatio } : {}),
      figure: ratioOf(losses).toFixed(3),
      met: ratioOf(losses) <= target,
    }));
}

function remarksOn(results: readonly Measured[], ratioOf: (losses: Float64Array) => number): string[] {
  const of = (kind: string): number =>
    ratioOf(results.find((result) => result.kind === kind)?.losses ?? new Float64Array(0));
  const remarks = [
    `Streaming reaches ${of("streaming").toFixed(3)} of re-computation's perplexity, turn-aligned streaming ` +
      `${of("turn-aligned").toFixed(3)} (target: at most ${target}).`,
  ];
  const window = of("window") / of("streaming");
  remarks.push(
    window > target
      ? `Without sinks the window's perplexity is ${window.toPrecision(3)} times that of streaming.`
      : `Without sinks the window does as well as streaming here (${window.toFixed(3)}): this model has no attention sink ` +
          "whose loss would show.",
  );
  return remarks;
}
