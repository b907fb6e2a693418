import { demoModel, requireStreaming, usualSinks, windowFor } from "../defaults.ts";
import type { Experiment, Findings, LabContext } from "../experiment.ts";
import { LabModel } from "../labModel.ts";
import { against, measurePolicies, rawLosses, type Measured } from "../measurePolicies.ts";
import { modelCard } from "../modelCard.ts";
import { perplexity } from "../perplexity.ts";
import { recomputation, streaming } from "../policies.ts";
import { positionsBehind } from "../scoredPositions.ts";
import { affordableSize } from "../textSize.ts";
import { openText } from "../textTokens.ts";

/** Xiao et al., table 6: Llama-2-7B, 400K tokens of concatenated PG19, by sizes of the cache. */
const paper: readonly (readonly [cells: number, perplexity: number])[] = [
  [512, 9.73],
  [1024, 9.32],
  [2048, 9.08],
  [4096, 9.59],
];

export const cacheSize: Experiment = {
  name: "cache-size",
  title: "Perplexity by the size of the window (C)",
  what: "4 sinks in several windows",
  flags: {
    windows: "cells, several with commas between",
    tokens: "how many are read",
    every: "which n-th token behind the largest window is scored",
    minutes: "time to fit into",
  },
  suitsAnyModel: true,
  run,
};

async function run(context: LabContext): Promise<Findings> {
  const model = await LabModel.open(context.modelPath ?? demoModel, context.threads);
  try {
    const most = windowFor(model, context.quick ? 256 : 4096);
    const windows = context
      .numbers("windows", [most / 8, most / 4, most / 2, most].map(Math.floor))
      .toSorted((left, right) => left - right);
    const largest = windows.at(-1) ?? most;
    requireStreaming(model, largest);
    const size = await affordableSize(
      context,
      model,
      largest,
      {
        length: context.number("tokens", largest * (context.quick ? 12 : 64)),
        every: context.number("every", 32),
      },
      {
        blocks: windows.length,
        singles: 0,
        recomputations: windows.reduce((sum, window) => sum + window, 0) / largest,
      },
    );
    const text = await openText(model, context.textPath);
    const tokens = text.first(size.length);
    // The same positions for all windows: behind the largest one.
    const scored = positionsBehind(largest, tokens.length, size.every);
    const results = await measurePolicies(
      model,
      [
        ...windows.map((window) => ({ policy: streaming(usualSinks, window, Math.floor(window / 4)), cells: window })),
        ...windows.map((window) => ({ policy: recomputation(window), cells: window })),
      ],
      { tokens, scored },
      context,
    );
    return {
      ...report(windows, results, scored, model.trainedContext),
      model: modelCard(model),
      text: { source: text.source, tokens: tokens.length },
      settings: { sinks: usualSinks, everyNthTokenScored: size.every, forgottenAtATime: "a quarter of the window" },
      raw: rawLosses(scored, results),
    };
  } finally {
    await model.dispose();
  }
}

function report(
  windows: readonly number[],
  results: readonly Measured[],
  scored: readonly number[],
  trained: number,
): Pick<Findings, "tables" | "plots" | "remarks"> {
  const streamed = results.slice(0, windows.length);
  const computed = results.slice(windows.length);
  const best = streamed.reduce(
    (low, { losses }, at) => (perplexity(losses) < perplexity(streamed[low]?.losses ?? []) ? at : low),
    0,
  );
  const named = (cells: number): string => `${usualSinks}+${cells - usualSinks}`;
  return {
    tables: [
      {
        title: `Perplexity at ${scored.length} positions, the same for all windows`,
        columns: [
          { name: "cells" },
          { name: "streaming, perplexity" },
          { name: "re-computation, perplexity" },
          { name: "streaming over re-computation" },
          { name: "± (95 %)", digits: 2 },
          { name: "Llama-2-7B, perplexity", from: "paper" },
        ],
        rows: [
          ...windows.map((window, index) => {
            const [stream, compute] = [streamed[index], computed[index]];
            const relative = stream && compute && against(stream, compute);
            return [
              named(window),
              perplexity(stream?.losses ?? []),
              perplexity(compute?.losses ?? []),
              relative?.ratio ?? null,
              relative?.margin ?? null,
              paper.find(([cells]) => cells === window)?.[1] ?? null,
            ];
          }),
          ...paper
            .filter(([cells]) => !windows.includes(cells))
            .map(([cells, value]) => [named(cells), null, null, null, null, value]),
        ],
      },
    ],
    plots: [
      {
        kind: "line",
        name: "by-window",
        title: "Perplexity by window",
        x: { label: "cells", log: true },
        y: { label: "perplexity" },
        series: [
          { name: "streaming", points: windows.map((window, at) => [window, perplexity(streamed[at]?.losses ?? [])]) },
          {
            name: "re-computation",
            points: windows.map((window, at) => [window, perplexity(computed[at]?.losses ?? [])]),
          },
          { name: "Llama-2-7B (paper)", points: paper },
        ],
      },
    ],
    remarks: [
      `The lowest perplexity is at ${windows[best] ?? 0} cells${best === windows.length - 1 ? ", the largest window measured" : ""}.`,
      ...(trained > 0 && (windows.at(-1) ?? 0) > trained
        ? [`Windows above ${trained} tokens are longer than what this model was trained at.`]
        : []),
    ],
  };
}
