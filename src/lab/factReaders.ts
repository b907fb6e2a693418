import { evictionLimits } from "../conversation/evictionPlan.ts";
import { lineTurns, type FactStream } from "./factStream.ts";
import type { LabModel } from "./labModel.ts";
import { streaming } from "./policies.ts";
import { turnAligned } from "./turnAligned.ts";
import { policyReader, recomputingReader, type TextReader } from "./textReader.ts";

/** Tokens that the streaming policy forgets at a time: one, as in the paper; a model that takes its time, a few. */
const chunk = { demo: 1, own: 16 };

export interface FactReader {
  readonly reader: TextReader;
  readonly kind: "streaming" | "turn-aligned" | "re-computation" | "dense";
  /** Whether it is measured with recall too. */
  readonly recalls: boolean;
}

export interface FactReaderOptions {
  readonly sinks: number;
  /** Tokens, the question included. */
  readonly window: number;
  /** The farthest line that is asked for. */
  readonly farthest: number;
  /** Lines that are recalled at most. */
  readonly mostRecalled: number;
  readonly answerTokens: number;
  /** Whether the model is the user's own. */
  readonly own: boolean;
}

/** All policies on one stream, each with cells of its own. What a question needs is part of the window. */
export async function factReaders(
  model: LabModel,
  stream: FactStream,
  { sinks, window, farthest, mostRecalled, answerTokens, own }: FactReaderOptions,
): Promise<FactReader[]> {
  const { tokens, lines } = stream;
  const longest = Math.max(...lines.map(({ start, end }) => end - start));
  const question = Math.max(...lines.map((line) => line.question.length)) + mostRecalled * longest + answerTokens;
  const kept = window - question;
  const size = { contextSize: window + 1 };
  const single = streaming(sinks, kept, own ? chunk.own : chunk.demo);
  const aligned = turnAligned(sinks, lineTurns(stream, sinks), evictionLimits(window));
  const readers: FactReader[] = [
    { kind: "streaming", recalls: true, reader: policyReader(await model.cells(size), single, tokens, sinks) },
    { kind: "turn-aligned", recalls: true, reader: policyReader(await model.cells(size), aligned, tokens, sinks) },
    {
      kind: "re-computation",
      recalls: false,
      reader: recomputingReader(await model.cells(size), "re-computation", tokens, kept),
    },
  ];
  const all = Math.min((farthest + 1) * longest, model.trainedContext - question - 1);
  if (all > kept) {
    // Four times as much, so that it is seldom evaluated anew.
    const most = Math.min(4 * all, model.trainedContext - question - 1);
    const cells = await model.cells({ contextSize: most + question + 1 });
    readers.push({
      kind: "dense",
      recalls: false,
      reader: recomputingReader(cells, `dense ${most}`, tokens, all, most),
    });
  }
  return readers;
}
