import { demoModel, requireStreaming, windowFor } from "../defaults.ts";
import type { Experiment, Findings, LabContext } from "../experiment.ts";
import { LabModel } from "../labModel.ts";
import type { Claim } from "../labResult.ts";
import { against, measurePolicies, rawLosses, type Measured } from "../measurePolicies.ts";
import { modelCard } from "../modelCard.ts";
import { perplexity } from "../perplexity.ts";
import { recomputation, streaming } from "../policies.ts";
import { positionsBehind } from "../scoredPositions.ts";
import { affordableSize } from "../textSize.ts";
import { openText } from "../textTokens.ts";

const counts = [0, 1, 2, 4, 8] as const;

/** Xiao et al., table 2: 400K tokens of concatenated PG19; cache 2,048 for all but Llama-2 (4,096). */
const paper: Readonly<Record<string, readonly number[]>> = {
  "Falcon-7B": [17.9, 12.12, 12.12, 12.12, 12.12],
  "MPT-7B": [460.29, 14.99, 15.0, 14.99, 14.98],
  "Pythia-12B": [21.62, 11.95, 12.09, 12.09, 12.02],
  "Llama-2-7B": [3359.95, 11.88, 10.51, 9.59, 9.54],
};

export const sinks: Experiment = {
  name: "sinks",
  title: "Perplexity by the number of first tokens that are kept (B)",
  what: "0, 1, 2, 4 and 8 sinks in the same window",
  flags: {
    window: "cells",
    tokens: "how many are read",
    every: "which n-th token behind the first window is scored",
    chunk: "tokens forgotten at a time",
    minutes: "time to fit into",
  },
  suitsAnyModel: true,
  run,
};

async function run(context: LabContext): Promise<Findings> {
  const model = await LabModel.open(context.modelPath ?? demoModel, context.threads);
  try {
    const window = context.number("window", windowFor(model, context.quick ? 256 : 512));
    requireStreaming(model, window);
    const chunk = context.number("chunk", Math.floor(window / 4));
    const passes = counts.length;
    const size = await affordableSize(
      context,
      model,
      window,
      {
        length: context.number("tokens", window * (context.quick ? 16 : 128)),
        every: context.number("every", context.quick ? 16 : 32),
      },
      { blocks: chunk > 1 ? passes : 0, singles: chunk > 1 ? 0 : passes, recomputations: 1 },
    );
    const text = await openText(model, context.textPath);
    const tokens = text.first(size.length);
    const scored = positionsBehind(window, tokens.length, size.every);
    const policies = [recomputation(window), ...counts.map((count) => streaming(count, window, chunk))];
    const results = await measurePolicies(
      model,
      policies.map((policy) => ({ policy, cells: window })),
      { tokens, scored },
      context,
    );
    return {
      ...report(results, scored),
      model: modelCard(model),
      text: { source: text.source, tokens: tokens.length },
      settings: { window, everyNthTokenScored: size.every, forgottenAtATime: chunk },
      raw: rawLosses(scored, results),
    };
  } finally {
    await model.dispose();
  }
}

function report(
  [oracle, ...streamed]: readonly Measured[],
  scored: readonly number[],
): Pick<Findings, "tables" | "plots" | "claims" | "remarks"> {
  const names = Object.keys(paper);
  const usual = streamed[counts.indexOf(4)];
  const none = streamed[0];
  return {
    tables: [
      {
        title: `Perplexity at ${scored.length} positions, the same for all`,
        columns: [
          { name: "sinks" },
          { name: "perplexity" },
          { name: "over 4 sinks" },
          { name: "± (95 %)", digits: 2 },
          { name: "over re-computation" },
          ...names.map((name) => ({ name: `${name}, perplexity`, from: "paper" as const })),
        ],
        rows: streamed.map((result, index) => {
          const relative = usual && result !== usual ? against(result, usual) : undefined;
          return [
            counts[index] ?? 0,
            perplexity(result.losses),
            result === usual ? 1 : (relative?.ratio ?? null),
            relative?.margin ?? null,
            oracle ? against(result, oracle).ratio : null,
            ...names.map((name) => paper[name]?.[index] ?? null),
          ];
        }),
      },
    ],
    plots: [
      {
        kind: "bar",
        name: "by-sinks",
        title: "Perplexity over that with 4 sinks",
        y: { label: "ratio", log: true },
        groups: counts.map(String),
        series: [
          {
            name: "measured here",
            values: streamed.map((result) => (usual ? against(result, usual).ratio : null)),
          },
          ...names.map((name) => ({
            name: `${name} (paper)`,
            values: counts.map((_, index) => (paper[name]?.[index] ?? 0) / (paper[name]?.[counts.indexOf(4)] ?? 1)),
          })),
        ],
      },
    ],
    claims: none && usual ? [claimOn(none, usual)] : [],
    remarks: none && usual ? [remarkOn(none, usual)] : [],
  };
}

function claimOn(none: Measured, usual: Measured): Claim {
  const { ratio, margin } = against(none, usual);
  return {
    claim: "Losing the first tokens costs perplexity: 0 sinks over 4",
    paper: Object.values(paper)
      .map((figures) => ((figures[0] ?? Number.NaN) / (figures[counts.indexOf(4)] ?? Number.NaN)).toPrecision(3))
      .join(", "),
    figure: `${ratio.toPrecision(4)} ± ${margin.toPrecision(2)}`,
    // A model without sinks says nothing about them.
    met: ratio - margin > 1 ? true : null,
  };
}

function remarkOn(none: Measured, usual: Measured): string {
  const { ratio, margin } = against(none, usual);
  const figure = `${ratio.toPrecision(4)} ± ${margin.toPrecision(2)}`;
  return ratio - margin > 1
    ? `Without sinks the perplexity is ${figure} times that with 4.`
    : `Without sinks the perplexity is ${figure} of that with 4: no effect of sinks is seen on this model.`;
}
