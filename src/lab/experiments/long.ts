import { statSync } from "node:fs";
import path from "node:path";
import { demoModel, requireStreaming, usualSinks, windowFor } from "../defaults.ts";
import type { Experiment, Findings, LabContext } from "../experiment.ts";
import { LabModel } from "../labModel.ts";
import type { Claim } from "../labResult.ts";
import { LongRunNotes, readLong, type Stretch } from "../longRun.ts";
import { modelCard } from "../modelCard.ts";
import { affordable } from "../pace.ts";
import { streamingForgetting } from "../policies.ts";
import { openText } from "../textTokens.ts";

const fullTokens = 1_000_000;
const fullStretch = 100_000;
const quickTokens = 40_000;
const quickStretch = 5_000;
const leastStretches = 4;

export const long: Experiment = {
  name: "long",
  title: "Perplexity and memory over a very long text (E)",
  what: "a million tokens in one pass; goes on if it was interrupted",
  flags: {
    tokens: "how many are read; the paper: 4000000",
    window: "cells",
    chunk: "tokens forgotten at a time",
    every: "which n-th token is scored",
    stretch: "tokens of which the perplexity is told",
    minutes: "time to fit into",
  },
  suitsAnyModel: true,
  run,
};

async function run(context: LabContext): Promise<Findings> {
  const modelPath = context.modelPath ?? demoModel;
  const model = await LabModel.open(modelPath, context.threads);
  try {
    const window = context.number("window", windowFor(model));
    requireStreaming(model, window);
    const chunk = context.number("chunk", Math.floor(window / 4));
    const every = context.number("every", 32);
    const wanted = context.number("tokens", context.quick ? quickTokens : fullTokens);
    const part = await affordable(
      context,
      model,
      (some, { prefill, single, score }) => some * wanted * ((chunk > 1 ? prefill : single) + score / every),
    );
    // A shorter run has shorter stretches.
    const stretch = Math.max(
      every,
      Math.floor(context.number("stretch", context.quick ? quickStretch : fullStretch) * part),
    );
    const stretches = Math.max(leastStretches, Math.round((wanted * part) / stretch));
    const text = await openText(model, context.textPath);
    // Whole stretches, so that each reading of the text can be compared with the one before, stretch by stretch.
    const cycle = Math.floor(text.count() / stretch) * stretch;
    const settings = { window, sinks: usualSinks, forgottenAtATime: chunk, everyNthTokenScored: every, stretch };
    const identity = JSON.stringify([path.basename(modelPath), statSync(modelPath).size, text.source, settings]);
    const notes = new LongRunNotes(context.folder, identity);
    const cells = await model.cells({ contextSize: window + 1 });
    const found = await readLong(cells, {
      forgetting: streamingForgetting(usualSinks, window, chunk),
      text: text.endless(cycle),
      every,
      stretchLength: stretch,
      stretches,
      notes,
      onProgress: (read) => context.progress(read / (stretches * stretch), `${read} tokens`),
    });
    notes.finish();
    return {
      ...report(found, cycle),
      model: modelCard(model),
      text: { source: text.source, tokens: stretches * stretch },
      settings,
      raw: found,
    };
  } finally {
    await model.dispose();
  }
}

function report(found: readonly Stretch[], cycle: number): Pick<Findings, "tables" | "plots" | "claims" | "remarks"> {
  const before = ({ tokens }: Stretch): Stretch | undefined =>
    cycle > 0
      ? found.find((earlier) => earlier.tokens === tokens - cycle * Math.floor((tokens - 1) / cycle))
      : undefined;
  const relative = (stretch: Stretch): number | null => {
    const earlier = before(stretch);
    return earlier === undefined || earlier === stretch ? null : Math.exp(stretch.loss - earlier.loss);
  };
  return {
    tables: [
      {
        title: "By stretch of the text",
        columns: [
          { name: "tokens read", digits: 9 },
          { name: "perplexity" },
          { name: "over that of the same text read first" },
          { name: "scored tokens", digits: 9 },
          { name: "memory (RSS), MB" },
          { name: "tokens per second" },
        ],
        rows: found.map((stretch, at) => [
          stretch.tokens,
          Math.exp(stretch.loss),
          relative(stretch),
          stretch.scored,
          stretch.memory / 1e6,
          (stretch.tokens - (found[at - 1]?.tokens ?? 0)) / stretch.seconds,
        ]),
      },
    ],
    plots: [
      {
        kind: "line",
        name: "perplexity",
        title: "Perplexity along the text",
        x: { label: "tokens read" },
        y: { label: "perplexity" },
        series: [{ name: "streaming", points: found.map(({ tokens, loss }) => [tokens, Math.exp(loss)]) }],
      },
      {
        kind: "line",
        name: "memory",
        title: "Resident memory along the text",
        x: { label: "tokens read" },
        y: { label: "MB" },
        series: [{ name: "RSS", points: found.map(({ tokens, memory }) => [tokens, memory / 1e6]) }],
      },
    ],
    claims: claimsOn(found, found.map(relative)),
    remarks: remarksOn(found, cycle, found.map(relative)),
  };
}

/** How much more memory the end may take than the beginning, for it to be called flat. */
const flatMemory = 1.05;
/** As for all perplexities of streaming. */
const flatPerplexity = 1.02;

function claimsOn(found: readonly Stretch[], ratios: readonly (number | null)[]): Claim[] {
  const total = `${grouped(found.at(-1)?.tokens ?? 0)} tokens`;
  const again = ratios.filter((ratio) => ratio !== null);
  const [second, last] = [found[Math.min(1, found.length - 1)], found.at(-1)];
  const growth = (last?.memory ?? Number.NaN) / (second?.memory ?? Number.NaN);
  return [
    {
      claim: `Perplexity stays flat over ${total}: the same text read later over read first, at most`,
      target: `≤ ${flatPerplexity}`,
      paper: "flat over 4 million tokens",
      figure: again.length > 0 ? Math.max(...again).toFixed(4) : "the text was read once",
      met: again.length > 0 ? Math.max(...again) <= flatPerplexity : null,
    },
    {
      claim: `Memory stays flat over ${total}: at the end over the second stretch`,
      target: `≤ ${flatMemory}`,
      figure: growth.toFixed(3),
      met: growth <= flatMemory,
    },
  ];
}

function remarksOn(found: readonly Stretch[], cycle: number, ratios: readonly (number | null)[]): string[] {
  const again = ratios.filter((ratio) => ratio !== null);
  const total = found.at(-1)?.tokens ?? 0;
  const remarks = [
    total > cycle
      ? `The text begins anew every ${grouped(cycle)} tokens; a window holds nothing of the reading before.`
      : "The text was read once, without a repetition.",
  ];
  if (again.length > 0) {
    remarks.push(
      `The same text read later: perplexity ${Math.min(...again).toFixed(4)} to ${Math.max(...again).toFixed(4)} of the ` +
        "first reading's, stretch by stretch.",
    );
  }
  const [early, last] = [found[Math.min(1, found.length - 1)], found.at(-1)];
  if (early !== undefined && last !== undefined) {
    remarks.push(
      `Resident memory: ${(early.memory / 1e6).toFixed(0)} MB at ${grouped(early.tokens)} tokens, ${(last.memory / 1e6).toFixed(0)} MB ` +
        `at ${grouped(last.tokens)}.`,
    );
  }
  return remarks;
}

/** 4,000,000 */
function grouped(tokens: number): string {
  return tokens.toLocaleString("en");
}
