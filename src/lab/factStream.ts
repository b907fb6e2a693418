import type { Token, Tokenizer } from "../conversation/tokenSequence.ts";
import { factLines, type Fact, type FactFormat } from "./factLines.ts";
import type { TextTurn } from "./turnAligned.ts";

export interface FactLine {
  readonly fact: Fact;
  readonly text: string;
  /** Tokens of the stream: `start` to `end` (exclusive). */
  readonly start: number;
  readonly end: number;
  readonly question: readonly Token[];
}

/** Lines of facts as one text, with the question for each. */
export interface FactStream {
  readonly format: FactFormat;
  readonly tokens: readonly Token[];
  readonly lines: readonly FactLine[];
}

/** @param reach lines in which no key comes twice */
export function factStream(
  format: FactFormat,
  tokenizer: Pick<Tokenizer, "encode" | "beginning">,
  count: number,
  reach: number,
  seed: number,
): FactStream {
  const tokens: Token[] = tokenizer.beginning === undefined ? [] : [tokenizer.beginning.token];
  const lines = factLines(format, count, reach, seed).map((fact) => {
    const text = format.line(fact);
    const start = tokens.length;
    tokens.push(...tokenizer.encode(text, false));
    return { fact, text, start, end: tokens.length, question: tokenizer.encode(format.question(fact), false) };
  });
  return { format, tokens, lines };
}

/** Each line as a turn of its own; the first ones begin behind the head. */
export function lineTurns({ lines }: FactStream, head: number): TextTurn[] {
  return lines.filter(({ end }) => end > head).map(({ start, end }) => ({ start: Math.max(start, head), end }));
}
