/** An index into the model's vocabulary. */
export type Token = number;

/** Cells `start` (inclusive) to `end` (exclusive), counted in tokens from the beginning of the sequence. */
export interface TokenRange {
  readonly start: number;
  readonly end: number;
}

export interface SamplingSettings {
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly repeatPenalty?: number;
  readonly seed?: number;
  readonly grammar?: GrammarUse;
}

/** A grammar that a reply has to follow. */
export interface GrammarUse {
  /** GBNF. */
  readonly source: string;
  /** What the reply holds already when it is continued: the grammar goes on behind it. */
  readonly written: readonly Token[];
  /** Whether the next token is part of the reply; a thought may say what it likes. */
  applies(): boolean;
}

/**
 * One sequence of the KV cache, as the conversation needs it. The real one wraps `LlamaContextSequence`; tests use one
 * in memory. No method may be called while another runs, except that `append`, `erase` and a second `generate` may
 * run while a generator stands still between two tokens: that is what evictions and detours in a reply rest on.
 */
export interface TokenSequence {
  /** Cells that can be used: the context size less one (node-llama-cpp keeps the last one free). */
  readonly capacity: number;
  /** Cells in use. */
  readonly length: number;
  /**
   * Tokens that the library really handed to its decoder so far, from its own meter: input + output − tokens that it
   * only shifted (see docs/architecture.md, invariant 1).
   */
  readonly decodedTokens: number;
  /** Cells were moved by an erase and nothing was evaluated since: the library has still to rotate their keys. */
  readonly isUnsettled: boolean;
  /** Evaluates tokens at the end. */
  append(tokens: readonly Token[]): Promise<void>;
  /** Removes cells and closes the gaps: the kept cells behind move, nothing is evaluated (in `stream` mode). */
  erase(ranges: readonly TokenRange[]): Promise<void>;
  /**
   * Evaluates `prompt` at the end and samples on and on; ends by itself at an end-of-generation token. A yielded token
   * is sampled but not yet evaluated: that happens at the following `next()`, at the end as it is then. `next(tokens)`
   * evaluates those tokens in its place.
   */
  generate(
    prompt: readonly Token[],
    sampling: SamplingSettings,
  ): AsyncGenerator<Token, void, readonly Token[] | undefined>;
}

/** The vocabulary of a model. */
export interface Tokenizer {
  /** `special`: whether strings such as `<|im_end|>` become special tokens. Never true for anything a user wrote. */
  encode(text: string, special: boolean): Token[];
  /**
   * `previous`: tokens before these, for vocabularies whose text depends on what came before.
   * @throws RangeError for a token that the vocabulary does not have
   */
  decode(tokens: readonly Token[], previous: readonly Token[], special: boolean): string;
  /** The beginning-of-sequence token, if the model wants one in front of everything. */
  readonly beginning: { readonly token: Token; readonly text: string } | undefined;
}
