import { LlamaTokenizer } from "../../engine/worker/llamaTokenizer.ts";
import { ask } from "../ask.ts";
import { demoModel, requireStreaming, windowFor } from "../defaults.ts";
import type { Experiment, Findings, LabContext } from "../experiment.ts";
import { demoFacts, isRightAnswer, registerFacts } from "../factLines.ts";
import { factStream, type FactStream } from "../factStream.ts";
import { LabModel } from "../labModel.ts";
import { modelCard } from "../modelCard.ts";
import { factReaders, type FactReader } from "../factReaders.ts";
import { reportRecall, type AskedFact } from "../recallReport.ts";
import { TimeBudget } from "../timeBudget.ts";
import { WordSearch } from "../wordSearch.ts";

const sinks = 4;
/** Tokens of an answer: a number, and what ends it. */
const answerTokens = 10;
/** Lines between two rounds of questions. */
const linesBetween = 5;
/** Distances in parts of the lines that the window holds; the demo model was trained at the first of its own. */
const partsOfWindow = [0.1, 0.25, 0.5, 0.75, 1.25, 1.75, 2.5, 4];
const demoDistances = [2, 4, 6, 8, 10, 12, 16, 24, 32, 48, 64, 96];
/** Tokens: what the demo model answers (up to some 100 tokens back) fills a good part of it. */
const demoWindow = 256;
/**
 * Lines that recall brings back: the one that matches, and those that followed it. The demo model was trained on questions
 * about the line 2 to 10 back, never about the newest.
 */
const recalledLines = { demo: [1, 7], own: [1] };

const howRecalled =
  "Recall: the line of the whole stream that shares the rarest words with the question is searched for; if it is forgotten, " +
  "it is appended again, right before the question, with the lines that followed it.";
const whyLines =
  "The demo model was trained to answer about the line 2 to 10 back, never about the newest one: a line that is recalled " +
  "alone is seldom answered, one with the lines that followed it is.";

export const streameval: Experiment = {
  name: "streameval",
  title: "Facts asked for by distance, with and without recall (F)",
  what: "lines of facts, and questions about the line d back",
  flags: {
    window: "tokens of the window, the question included",
    distances: "how many lines back is asked for: N,N,…",
    samples: "questions at each distance",
    recalled: "lines that recall brings back: N,N,…",
    minutes: "how long it may take (with a model of your own, or --quick)",
  },
  suitsAnyModel: true,
  run,
};

async function run(context: LabContext): Promise<Findings> {
  const budget = new TimeBudget(context);
  const model = await LabModel.open(context.modelPath ?? demoModel, context.threads);
  try {
    const own = context.modelPath !== undefined;
    const format = own ? registerFacts : demoFacts;
    const tokenizer = new LlamaTokenizer(model.model);
    const window = context.number("window", own ? windowFor(model) : demoWindow);
    requireStreaming(model, window);
    const lineTokens = meanLine(factStream(format, tokenizer, 100, 100, context.seed));
    const perWindow = window / lineTokens;
    const distances = context
      .numbers("distances", own ? partsOfWindow.map((part) => Math.round(part * perWindow)) : demoDistances)
      .map((lines) => Math.max(1, Math.round(lines)));
    const samples = context.number("samples", context.quick ? 25 : 120);
    const recalled = context.numbers("recalled", own ? recalledLines.own : recalledLines.demo);
    const farthest = Math.max(...distances);
    const count = farthest + 1 + samples * linesBetween;
    const stream = factStream(format, tokenizer, count, farthest + Math.ceil(perWindow) + 1, context.seed);
    const mostRecalled = Math.max(0, ...recalled);
    const readers = await factReaders(model, stream, { sinks, window, farthest, mostRecalled, answerTokens, own });
    const asked: AskedFact[] = [];
    let rounds = 0;
    const search = new WordSearch();
    for (let line = 0, newest = farthest; rounds < samples; rounds++, newest += linesBetween) {
      for (; line <= newest; line++) search.add(stream.lines[line]?.text ?? "");
      for (const reader of readers) {
        await context.progress(budget.used(rounds, samples), reader.reader.name);
        asked.push(...(await askRound(reader, stream, tokenizer, newest, distances, search, recalled)));
      }
      if (budget.isSpent()) break;
    }
    const found = reportRecall(asked, readers, recalled, distances, meanLine(stream), format.chance);
    const remarks = [...found.remarks, howRecalled, ...(own ? [] : [whyLines])];
    return {
      ...found,
      remarks,
      model: modelCard(model),
      text: { source: `lines "${format.name}", generated`, tokens: stream.tokens.length },
      settings: { window, sinks, linesBetween, recalled: recalled.join(), samples: rounds, seed: context.seed },
    };
  } finally {
    await model.dispose();
  }
}

/** Asks once for each distance, on the same cells. `newest`: the newest line that was read. */
async function askRound(
  { kind, recalls, reader }: FactReader,
  { lines, format }: FactStream,
  tokenizer: LlamaTokenizer,
  newest: number,
  distances: readonly number[],
  search: WordSearch,
  recalled: readonly number[],
): Promise<AskedFact[]> {
  const asked: AskedFact[] = [];
  await reader.readTo(lines[newest]?.end ?? 0);
  for (const distance of distances) {
    const line = lines[newest - distance];
    if (line === undefined) continue;
    const inWindow = line.start >= reader.keptFrom;
    const question = format.question(line.fact);
    const answer = async (recall: string): Promise<boolean> => {
      const prompt = recall === "" ? line.question : [...tokenizer.encode(recall, false), ...line.question];
      return isRightAnswer(format, await ask(reader.cells, tokenizer, prompt, format.end, answerTokens), line.fact);
    };
    const right = await answer("");
    const match = recalls ? search.best(question) : undefined;
    // A line that is still in the window needs no second copy.
    const isForgotten = match !== undefined && (lines[match]?.start ?? 0) < reader.keptFrom;
    const withRecall = new Map<number, boolean>();
    for (const count of recalls ? recalled : []) {
      const passage = isForgotten ? lines.slice(match, Math.min(match + count, newest + 1)) : [];
      withRecall.set(count, passage.length === 0 ? right : await answer(passage.map(({ text }) => text).join("")));
    }
    asked.push({ kind, distance, inWindow, right, withRecall });
  }
  return asked;
}

function meanLine({ lines }: FactStream): number {
  return lines.reduce((sum, { start, end }) => sum + end - start, 0) / lines.length;
}
