import type { Token } from "../conversation/tokenSequence.ts";
import { DaylongError } from "../base/errors.ts";
import type { LabModel } from "./labModel.ts";
import { labText } from "./labText.ts";

/** Letters of a text that are tokenised at a time: the library's time grows faster than the text. */
const pieceLength = 50_000;

export interface TextTokens {
  readonly source: string;
  readonly tokens: readonly Token[];
}

/**
 * The first `count` tokens of a text, after the token that opens every text of this model. Marks such as `<|im_end|>` in the
 * text stay text.
 *
 * @param repeat begins the text anew where it ends; a window remembers nothing of it by then
 * @throws DaylongError `usage` if the text is shorter and is not to be repeated
 */
export async function textTokens(
  { model, beginning }: LabModel,
  textPath: string | undefined,
  count: number,
  { repeat = false } = {},
): Promise<TextTokens> {
  const { source, text } = await labText(textPath);
  const tokens: Token[] = beginning === undefined ? [] : [beginning];
  for (let at = 0; tokens.length < count && (at < text.length || (repeat && text !== "")); at += pieceLength) {
    const from = at % (Math.ceil(text.length / pieceLength) * pieceLength);
    for (const token of model.tokenize(text.slice(from, from + pieceLength))) tokens.push(token);
  }
  if (tokens.length < count) {
    throw new DaylongError("usage", `The text "${source}" has ${tokens.length} tokens; ${count} are needed.`);
  }
  return { source, tokens: tokens.slice(0, count) };
}
