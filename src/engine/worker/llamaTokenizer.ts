import { LlamaVocabularyType, type LlamaModel, type Token as LlamaToken } from "node-llama-cpp";
import type { Token, Tokenizer } from "../../conversation/tokenSequence.ts";

/** A character that no vocabulary joins with what follows. */
const guard = "\u0001";

/** HTML that a vocabulary may hold whole (Gemma does): text like any other. */
const html =
  /^<\/?(?:table|caption|thead|tbody|tfoot|tr|th|td|h[1-6]|blockquote|ul|ol|li|p|br|hr|a|img|div|span|strong|em|b|i|u|s|sub|sup|code|pre)>$/;

/** The vocabulary of a loaded model. */
export class LlamaTokenizer implements Tokenizer {
  readonly beginning: Tokenizer["beginning"];
  /** Tokens of the guard, where the vocabulary puts a blank before each text (SentencePiece). */
  private readonly guardTokens: readonly Token[] | undefined;
  private readonly size: number;
  /** Texts of marks by token, as far as they were met; undefined: no mark. */
  private readonly marks = new Map<Token, string | undefined>();

  constructor(private readonly model: LlamaModel) {
    this.size = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
    const { bos, bosString, shouldPrependBosToken } = model.tokens;
    this.beginning =
      shouldPrependBosToken && bos !== null && bosString !== null ? { token: bos, text: bosString } : undefined;
    this.guardTokens = model.vocabularyType === LlamaVocabularyType.spm ? [...model.tokenize(guard, false)] : undefined;
  }

  encode(text: string, special: boolean): Token[] {
    const tokens = this.encodePiece(text, special);
    if (special) return tokens;
    const marks = new Set(tokens.flatMap((token) => this.markOf(token) ?? []));
    if (marks.size === 0) return tokens;
    // llama.cpp reads tokens that a vocabulary calls "user-defined" (`<think>`, the turns of Command R) in plain text too.
    // Cut behind its first character, a mark is no longer found.
    const places = [...marks].flatMap((mark) => placesOf(text, mark).map((place) => place + 1));
    const cuts = [0, ...new Set(places.sort((left, right) => left - right)), text.length];
    return cuts.slice(1).flatMap((end, index) => {
      const piece = text.slice(cuts[index], end);
      return piece === text ? this.encodePiece(piece, false) : this.encode(piece, false);
    });
  }

  decode(tokens: readonly Token[], previous: readonly Token[], special: boolean): string {
    // Native code ends the process at a token that it does not know.
    if (tokens.some((token) => token >= this.size || token < 0)) throw new RangeError("no token of this vocabulary");
    return this.model.detokenize(tokens as unknown as LlamaToken[], special, previous as unknown as LlamaToken[]);
  }

  /**
   * Pieces are tokenised alone and joined, as if each stood in the middle of a text: behind a guard, whose tokens are
   * taken off again, a vocabulary that puts a blank before each text puts it before the guard.
   */
  private encodePiece(text: string, special: boolean): Token[] {
    if (text === "" || this.guardTokens === undefined) return this.model.tokenize(text, special, "trimLeadingSpace");
    const tokens = this.model.tokenize(guard + text, special);
    if (this.guardTokens.every((token, index) => tokens[index] === token)) return tokens.slice(this.guardTokens.length);
    return this.model.tokenize(text, special, "trimLeadingSpace");
  }

  private markOf(token: Token): string | undefined {
    if (this.marks.has(token)) return this.marks.get(token);
    const own = token as LlamaToken;
    const text = this.model.getTokenAttributes(own).userDefined ? this.model.detokenize([own], true) : "";
    const mark = /^[<[].+[>\]]$/s.test(text) && !html.test(text) ? text : undefined;
    this.marks.set(token, mark);
    return mark;
  }
}

function placesOf(text: string, mark: string): number[] {
  const places: number[] = [];
  for (let place = text.indexOf(mark); place >= 0; place = text.indexOf(mark, place + 1)) places.push(place);
  return places;
}
