import { LlamaTokenizer } from "../../engine/worker/llamaTokenizer.ts";
import { demoModel, requireStreaming, windowFor } from "../defaults.ts";
import type { Experiment, Findings, LabContext } from "../experiment.ts";
import { LabModel } from "../labModel.ts";
import type { Figure } from "../labResult.ts";
import { modelCard } from "../modelCard.ts";
import { dense, slidingWindow, streaming } from "../policies.ts";
import { inPercent, proportion, type Proportion } from "../proportion.ts";
import { demoQuestions, quizQuestions, type QuestionStream } from "../questionStream.ts";
import { policyReader, type TextReader } from "../textReader.ts";
import { TimeBudget } from "../timeBudget.ts";

const sinks = 4;
const demoWindow = 256;
/** Tokens forgotten at a time: one, as in the paper; with a model that takes its time, a few. */
const chunk = { demo: 1, own: 16 };
/** A dense cache of more cells is not tried. */
const mostDense = 16_384;
/** Xiao et al.: a model of 7B on ARC easy and challenge, exact match in per cent. */
const paper: Readonly<Record<string, readonly [number, number]>> = {
  "one-shot": [71.25, 53.16],
  window: [3.58, 1.39],
  streaming: [71.34, 55.03],
};

export const arc: Experiment = {
  name: "arc",
  title: "Questions answered in one endless stream (J)",
  what: "questions one after the other, by policy, beside each question alone",
  flags: {
    window: "tokens of the window, the question included",
    questions: "how many",
    minutes: "how long it may take (with a model of your own, or --quick)",
  },
  suitsAnyModel: true,
  run,
};

interface Candidate {
  readonly kind: "one-shot" | "dense" | "window" | "streaming";
  readonly reader: TextReader;
}

interface Answered {
  readonly policy: Candidate["kind"];
  readonly kind: string;
  readonly index: number;
  readonly right: boolean;
}

async function run(context: LabContext): Promise<Findings> {
  const budget = new TimeBudget(context);
  const own = context.modelPath !== undefined;
  const model = await LabModel.open(context.modelPath ?? demoModel, context.threads);
  try {
    const window = context.number("window", own ? windowFor(model) : demoWindow);
    requireStreaming(model, window);
    const count = context.number("questions", context.quick ? 30 : 200);
    const tokenizer = new LlamaTokenizer(model.model);
    const stream = (own ? quizQuestions : demoQuestions)(tokenizer, count, context.seed);
    const candidates = await candidatesFor(model, stream, window, own ? chunk.own : chunk.demo);
    const answered: Answered[] = [];
    let asked = 0;
    for (const question of stream.questions) {
      if (budget.isSpent()) break;
      for (const { kind: policy, reader } of candidates) {
        await context.progress(budget.used(asked, count), reader.name);
        await reader.readTo(question.start);
        answered.push({ policy, kind: question.kind, index: asked, right: await question.isAnswered(reader.cells) });
      }
      asked++;
    }
    return {
      ...report(answered, candidates, stream),
      model: modelCard(model),
      text: { source: stream.name, tokens: stream.questions[asked - 1]?.end ?? 0 },
      settings: { window, sinks, questions: asked, seed: context.seed },
    };
  } finally {
    await model.dispose();
  }
}

/** What a question needs is part of the window. */
async function candidatesFor(
  model: LabModel,
  { tokens, head, room }: QuestionStream,
  window: number,
  size: number,
): Promise<Candidate[]> {
  const kept = window - room;
  const open = { contextSize: window + 1 };
  const alone = await model.cells({ contextSize: head.length + room + 1 });
  const all = tokens.length + room;
  return [
    { kind: "one-shot", reader: headReader(alone, head) },
    ...(all < mostDense
      ? [
          {
            kind: "dense" as const,
            reader: policyReader(await model.cells({ contextSize: all + 1 }), dense(all), tokens, 0),
          },
        ]
      : []),
    { kind: "window", reader: policyReader(await model.cells(open), slidingWindow(kept, size), tokens, 0) },
    { kind: "streaming", reader: policyReader(await model.cells(open), streaming(sinks, kept, size), tokens, sinks) },
  ];
}

/** Never holds more than the head: each question is asked alone. */
function headReader(cells: TextReader["cells"], head: QuestionStream["head"]): TextReader {
  return {
    name: "one-shot",
    cells,
    keptFrom: 0,
    readTo: () => (cells.length === 0 ? cells.append(head) : Promise.resolve()),
  };
}

function report(
  answered: readonly Answered[],
  candidates: readonly Candidate[],
  { chance }: QuestionStream,
): Pick<Findings, "claims" | "tables" | "plots" | "remarks" | "raw"> {
  const kinds = [...new Set(answered.map(({ kind }) => kind))].sort();
  const share = (policy: Candidate["kind"], kind?: string): Proportion => {
    const own = answered.filter((answer) => answer.policy === policy && (kind === undefined || answer.kind === kind));
    return proportion(own.filter(({ right }) => right).length, own.length);
  };
  const shareOf = (kind: Candidate["kind"]): number => 100 * share(kind).share;
  const [alone, streamed, sinkless] = [share("one-shot"), share("streaming"), share("window")];
  return {
    claims: [
      {
        claim: "Answers in an endless stream are as right as each question alone (%)",
        target: `≥ ${(100 * alone.low).toFixed(1)} (alone, lower limit)`,
        paper: "71.3 beside 71.3 (ARC easy)",
        figure: `${inPercent(streamed) ?? "–"} beside ${inPercent(alone) ?? "–"}`,
        met: alone.low <= chance ? null : streamed.share >= alone.low,
      },
      {
        claim: "Without sinks they are not (%)",
        paper: "3.6 (ARC easy)",
        figure: inPercent(sinkless) ?? "–",
        // A model without an attention sink cannot lose it.
        met: sinkless.high < streamed.low ? true : null,
      },
    ],
    tables: [
      {
        title: "Right answers, in per cent (95 % interval)",
        columns: [
          { name: "policy" },
          { name: "all" },
          ...kinds.map((name) => ({ name })),
          { name: "questions", digits: 9 },
          { name: "paper, ARC easy", from: "paper" },
          { name: "paper, ARC challenge", from: "paper" },
        ],
        rows: candidates.map(({ kind: policy, reader }): Figure[] => [
          reader.name,
          inPercent(share(policy)),
          ...kinds.map((kind) => inPercent(share(policy, kind))),
          share(policy).samples,
          paper[policy]?.[0] ?? null,
          paper[policy]?.[1] ?? null,
        ]),
      },
    ],
    plots: [
      {
        kind: "bar",
        name: "by-policy",
        title: "Right answers by policy",
        y: { label: "right answers (%)" },
        groups: candidates.map(({ reader }) => reader.name),
        series: kinds.map((kind) => ({
          name: kind,
          values: candidates.map(({ kind: policy }) => {
            const { share: right, samples } = share(policy, kind);
            return samples === 0 ? null : 100 * right;
          }),
        })),
      },
    ],
    remarks: [
      `In the stream ${shareOf("streaming").toFixed(1)} % are answered right, each question alone ` +
        `${shareOf("one-shot").toFixed(1)} %, without sinks ${shareOf("window").toFixed(1)} %` +
        `${chance > 0 ? ` (guessing: ${(100 * chance).toFixed(0)} %)` : ""}.`,
    ],
    raw: {
      right: candidates.map(({ kind: policy, reader }) => ({
        policy: reader.name,
        answers: answered
          .filter((answer) => answer.policy === policy)
          .map(({ right }) => (right ? "1" : "0"))
          .join(""),
      })),
      kinds: answered.filter(({ policy }) => policy === "one-shot").map(({ kind }) => kind),
    },
  };
}
