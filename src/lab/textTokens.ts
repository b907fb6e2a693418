import type { Token } from "../conversation/tokenSequence.ts";
import { DaylongError } from "../base/errors.ts";
import type { LabModel } from "./labModel.ts";
import { labText } from "./labText.ts";

/** Letters of a text that are tokenised at a time: the library's time grows faster than the text. */
const pieceLength = 50_000;

/** A text in the tokens of a model. */
export interface TokenText {
  /** Where it comes from, in words. */
  readonly source: string;
  /** All its tokens, without the one that opens every text of this model. */
  count(): number;
  /**
   * After the token that opens every text of this model. Marks such as `<|im_end|>` in the text stay text. The text
   * begins anew where it ends, so this never ends; no more than the text's own tokens are held.
   *
   * @param cycle tokens after which it begins anew, if before its end
   */
  endless(cycle?: number): Iterable<Token>;
  /** The first `count` tokens. @throws DaylongError `usage` if the text is shorter */
  first(count: number): Token[];
}

/** @throws DaylongError `usage` */
export async function openText(model: LabModel, textPath: string | undefined): Promise<TokenText> {
  const { source, text } = await labText(textPath);
  const ends = pieceEnds(text);
  const pieces: Uint32Array[] = [];
  const piece = (index: number): Uint32Array =>
    (pieces[index] ??= Uint32Array.from(model.model.tokenize(text.slice(ends[index - 1] ?? 0, ends[index]))));

  function* once(): Generator<Token> {
    for (let index = 0; index < ends.length; index++) yield* piece(index);
  }
  function* opened(text: () => Iterable<Token>): Generator<Token> {
    if (model.beginning !== undefined) yield model.beginning;
    yield* text();
  }
  return {
    source,
    count: () => ends.reduce((sum, _, index) => sum + piece(index).length, 0),
    endless: (cycle = Number.POSITIVE_INFINITY) => ({
      [Symbol.iterator]: () =>
        opened(function* () {
          while (text !== "") yield* start(once(), cycle);
        }),
    }),
    first(count) {
      const tokens: Token[] = [];
      for (const token of opened(once)) {
        if (tokens.length === count) break;
        tokens.push(token);
      }
      if (tokens.length < count) {
        throw new DaylongError("usage", `The text "${source}" has ${tokens.length} tokens; ${count} are needed.`);
      }
      return tokens;
    },
  };
}

/** Where the pieces of a text end: behind a line's end where there is one, so that no word is cut. */
function pieceEnds(text: string): number[] {
  const ends: number[] = [];
  for (let start = 0; start < text.length;) {
    const limit = Math.min(text.length, start + pieceLength);
    const line = limit === text.length ? limit : text.lastIndexOf("\n", limit - 1) + 1;
    start = line > start ? line : limit;
    ends.push(start);
  }
  return ends;
}

function* start(tokens: Iterable<Token>, count: number): Generator<Token> {
  let left = count;
  for (const token of tokens) {
    if (left-- <= 0) return;
    yield token;
  }
}
