import type { Token } from "../../conversation/tokenSequence.ts";
import { evenShare, MeanAttention, shownLayers } from "../attentionStatistics.ts";
import { demoModel } from "../defaults.ts";
import type { Experiment, Findings, LabContext } from "../experiment.ts";
import { LabModel } from "../labModel.ts";
import type { Figure, HeatPlot, Table } from "../labResult.ts";
import { modelCard } from "../modelCard.ts";
import { ReferenceModel } from "../reference/referenceModel.ts";
import { openText } from "../textTokens.ts";
import { TimeBudget } from "../timeBudget.ts";

/** As in the paper (figure 2). */
const short = { tokens: 16, from: 8, texts: 256 };
/** Tokens that look back far enough for a sink to show. */
const long = { tokens: 256, from: 64, texts: 48 };
/** Of the time, what the short texts may take. */
const shortPart = 0.5;
/** A head is said to have a sink if the first token gets this many times its even share, and this much at least. */
const sinkFactor = 5;
const sinkShare = 0.1;

export const attention: Experiment = {
  name: "attention",
  title: "Where attention goes: maps by layer, and the share of the first token (L)",
  what: "attention in texts of 16 and of 256 tokens, by a computation of the lab's own",
  flags: {
    texts: "how many short texts",
    long: "how many long texts",
    minutes: "how long it may take (with a model of your own, or --quick)",
  },
  run,
};

async function run(context: LabContext): Promise<Findings> {
  const budget = new TimeBudget(context);
  const modelPath = context.modelPath ?? demoModel;
  const reference = new ReferenceModel(modelPath);
  const model = await LabModel.open(modelPath, context.threads);
  try {
    const texts = context.number("texts", context.quick ? 64 : short.texts);
    const longTexts = context.number("long", context.quick ? 8 : long.texts);
    const text = await openText(model, context.textPath);
    const { source } = text;
    const tokens = text.first(texts * short.tokens + longTexts * long.tokens);
    const body = model.beginning === undefined ? tokens : tokens.slice(1);
    const cut = (length: number, index: number, skipped: number): Token[] => {
      const own = length - (model.beginning === undefined ? 0 : 1);
      const start = skipped + index * own;
      return [...(model.beginning === undefined ? [] : [model.beginning]), ...body.slice(start, start + own)];
    };
    const measure = async (length: number, wanted: number, part: number, base: number): Promise<Measured> => {
      const layers = Array.from(
        { length: reference.shape.layers },
        () => new MeanAttention(reference.shape.heads, length),
      );
      let done = 0;
      for (; done < wanted && (done === 0 || budget.used(0, 1) < base + part); done++) {
        await context.progress(base + (part * done) / wanted, `texts of ${length} tokens`);
        reference.read(cut(length, done, base === 0 ? 0 : texts * short.tokens), (attended) =>
          layers[attended.layer]?.add(attended),
        );
      }
      return { layers, texts: done };
    };
    const shortTexts = await measure(short.tokens, texts, shortPart, 0);
    const longest = await measure(long.tokens, longTexts, 1 - shortPart, shortPart);
    return {
      ...report(shortTexts, longest),
      model: modelCard(model),
      text: { source, tokens: shortTexts.texts * short.tokens + longest.texts * long.tokens },
      settings: { shortTexts: shortTexts.texts, longTexts: longest.texts },
    };
  } finally {
    reference.close();
    await model.dispose();
  }
}

interface Measured {
  readonly layers: readonly MeanAttention[];
  readonly texts: number;
}

function report(shorts: Measured, longs: Measured): Pick<Findings, "claims" | "tables" | "plots" | "remarks" | "raw"> {
  const longShares = longs.layers.map((layer) => layer.firstTokenShares(long.from));
  const even = evenShare(long.from, long.tokens);
  const largest = Math.max(...longShares.flat());
  const sinks = longShares.flat().filter((share) => share >= sinkShare && share >= sinkFactor * even).length;
  const heads = longShares.flat().length;
  return {
    claims: [
      {
        claim: "Heads whose attention goes to the first token far more than its even share",
        paper: "most, from the third layer on",
        figure: `${sinks} of ${heads} (largest share ${largest.toPrecision(2)}, even ${even.toPrecision(2)})`,
        met: sinks > 0 ? true : null,
      },
    ],
    tables: [
      shareTable(shorts, short, `${shorts.texts} texts of ${short.tokens} tokens`),
      shareTable(longs, long, `${longs.texts} texts of ${long.tokens} tokens`),
    ],
    plots: shownLayers(shorts.layers.length).map((index): HeatPlot => ({
      kind: "heat",
      name: `layer-${index}`,
      title: `Layer ${index}: attention, averaged over heads and ${shorts.texts} texts`,
      x: { label: "token looked at" },
      y: { label: "token that looks" },
      values: shorts.layers[index]?.map() ?? [],
    })),
    remarks: [
      `The largest share of the first token of any head is ${largest.toPrecision(3)} in long texts (even: ` +
        `${even.toPrecision(3)}).`,
      sinks > 0
        ? `${sinks} of ${heads} heads have an attention sink: the first token gets at least ` +
          `${100 * sinkShare} % and ${sinkFactor} times its even share.`
        : `No head gives it ${100 * sinkShare} % and ${sinkFactor} times its even share: no attention sink is seen.`,
      "The maps are of attention weights (after the softmax); the paper draws logits.",
    ],
    raw: {
      firstTokenShares: {
        short: shorts.layers.map((layer) => layer.firstTokenShares(short.from)),
        long: longShares,
      },
    },
  };
}

function shareTable({ layers }: Measured, { tokens, from }: typeof short, texts: string): Table {
  return {
    title: `Share of the first token in the attention of tokens ${from} to ${tokens - 1}, ${texts}`,
    columns: [
      { name: "layer" },
      { name: "mean over heads" },
      { name: "largest head" },
      { name: "smallest head" },
      { name: "even share" },
    ],
    rows: layers.map((layer, index): Figure[] => {
      const shares = layer.firstTokenShares(from);
      const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
      return [index, mean, Math.max(...shares), Math.min(...shares), evenShare(from, tokens)];
    }),
  };
}
