import type { ThoughtTags } from "./chatTemplate.ts";
import type { Token } from "./tokenSequence.ts";

export type ReplyChannel = "reply" | "thought";

/** What sampled tokens turned out to be: `tag` goes away with the thought that it encloses. */
export type PieceKind = ReplyChannel | "tag";

export interface ReplyPiece {
  readonly kind: PieceKind;
  readonly tokens: readonly Token[];
  readonly text: string;
}

type State =
  | { readonly name: "start" }
  | { readonly name: "thought"; readonly tags: ThoughtTags }
  | { readonly name: "afterThought" }
  | { readonly name: "reply" }
  | { readonly name: "ended" };

/** Where a stop string began. */
export interface StopCut {
  /** The template prints this mark itself, behind each reply. */
  readonly ofTemplate: boolean;
  /** Text of the reply that shares a token with the stop string; empty if the stop string began with a token. */
  readonly fragment: string;
}

interface Held {
  readonly tokens: readonly Token[];
  readonly text: string;
}

/**
 * Tells thoughts from the reply while it streams. Tokens are held back while they may still become a tag or a stop
 * string. Each token belongs to one piece, whole.
 */
export class ReplyParser {
  private state: State;
  private held: Held[] = [];
  private readonly answers: readonly string[];
  /** Stop strings of this reply alone, beside those of the template. */
  private extraStops: readonly string[] = [];
  /** What was met, at which place of a reply that ended at a text. */
  private cut: StopCut | undefined;

  /** @param opened the tags whose opening one the generation prompt printed already */
  constructor(
    private readonly tags: readonly ThoughtTags[],
    private readonly stopStrings: readonly string[],
    opened: ThoughtTags | undefined,
  ) {
    this.answers = [...new Set(tags.flatMap((one) => one.answers ?? []))];
    this.state = opened === undefined ? { name: "start" } : { name: "thought", tags: opened };
  }

  /** The tags of the thought that is being written; undefined outside. */
  get openThought(): ThoughtTags | undefined {
    return this.state.name === "thought" ? this.state.tags : undefined;
  }

  /** A stop string was met. */
  get ended(): boolean {
    return this.state.name === "ended";
  }

  /** How a reply was cut off at a stop string; undefined if it was not, or at a token of its own. */
  get stopCut(): StopCut | undefined {
    return this.cut;
  }

  /** Ends the reply at these texts too, from now on. */
  stopAt(texts: readonly string[]): void {
    this.extraStops = texts.filter((text) => text !== "");
  }

  /** @param tokens tokens that make whole characters, and their text */
  push(tokens: readonly Token[], text: string): ReplyPiece[] {
    this.held.push({ tokens, text });
    const pieces: ReplyPiece[] = [];
    for (;;) {
      const before = this.state;
      pieces.push(...this.step());
      if (this.state === before) return pieces;
    }
  }

  /** The reply is over: what was held back is what it looked like. */
  flush(): ReplyPiece[] {
    return this.release(this.state.name === "thought" ? "thought" : "reply");
  }

  /** A token that ends every turn was sampled. */
  end(tokens: readonly Token[]): ReplyPiece[] {
    const pieces = this.release(this.state.name === "ended" ? "tag" : "reply");
    this.state = { name: "ended" };
    return [...pieces, { kind: "tag", tokens, text: "" }];
  }

  private step(): ReplyPiece[] {
    if (this.held.length === 0) return [];
    const text = this.held.map((held) => held.text).join("");
    switch (this.state.name) {
      case "start":
        return this.atStart(text);
      case "thought":
        return this.inThought(text, this.state.tags);
      case "afterThought":
        return this.afterThought(text);
      case "reply":
        return this.inReply(text);
      case "ended":
        return this.release("tag");
    }
  }

  private atStart(text: string): ReplyPiece[] {
    const begun = text.trimStart();
    const opened = this.tags.find((tags) => begun.startsWith(tags.open));
    if (opened !== undefined) {
      this.state = { name: "thought", tags: opened };
      return this.releaseMark(text, opened.open);
    }
    // An empty thought may be closed without having been opened: templates print it like that.
    const closed = this.tags.find((tags) => begun.startsWith(tags.close));
    if (closed !== undefined) {
      this.state = { name: "afterThought" };
      return this.releaseMark(text, closed.close);
    }
    const answer = this.answers.find((mark) => begun.startsWith(mark));
    if (answer !== undefined) {
      this.state = { name: "reply" };
      return this.releaseMark(text, answer);
    }
    const marks = [...this.tags.flatMap((tags) => [tags.open, tags.close]), ...this.answers];
    if (begun !== "" && !marks.some((mark) => mark.startsWith(begun))) this.state = { name: "reply" };
    return [];
  }

  private afterThought(text: string): ReplyPiece[] {
    const begun = text.trimStart();
    if (begun === "") return this.release("tag");
    const answer = this.answers.find((mark) => begun.startsWith(mark));
    if (answer !== undefined) {
      this.state = { name: "reply" };
      return this.releaseMark(text, answer);
    }
    if (!this.answers.some((mark) => mark.startsWith(begun))) this.state = { name: "reply" };
    return [];
  }

  private inThought(text: string, tags: ThoughtTags): ReplyPiece[] {
    const place = text.indexOf(tags.close);
    if (place < 0) return this.release("thought", overlap(text, [tags.close]));
    this.state = { name: "afterThought" };
    return this.split("thought", place, tags.close.length);
  }

  private inReply(text: string): ReplyPiece[] {
    const stops = [...this.stopStrings, ...this.extraStops];
    const places = stops.map((stop) => text.indexOf(stop)).filter((place) => place >= 0);
    if (places.length === 0) return this.release("reply", overlap(text, stops));
    this.state = { name: "ended" };
    const place = Math.min(...places);
    const ofTemplate = this.stopStrings.some((stop) => text.startsWith(stop, place));
    const pieces = this.split("reply", place);
    this.cut = { ofTemplate, fragment: pieces.find(({ tokens }) => tokens.length === 0)?.text ?? "" };
    return pieces;
  }

  /**
   * Gives what stands before `place` as `kind`, and as the tag the tokens that the next `length` characters reach into.
   * All that is held goes if no length is given.
   */
  private split(kind: ReplyChannel, place: number, length = Infinity): ReplyPiece[] {
    const pieces: ReplyPiece[] = [];
    let position = 0;
    let count = 0;
    for (const { tokens, text } of this.held) {
      if (position >= place + length) break;
      const before = Math.max(0, Math.min(text.length, place - position));
      if (before === text.length && position + text.length <= place) pieces.push({ kind, tokens, text });
      else {
        if (before > 0) pieces.push({ kind, tokens: [], text: text.slice(0, before) });
        pieces.push({ kind: "tag", tokens, text: text.slice(before) });
      }
      position += text.length;
      count++;
    }
    this.held.splice(0, count);
    return pieces;
  }

  /** Gives out the blanks and the mark that the text begins with. */
  private releaseMark(text: string, mark: string): ReplyPiece[] {
    let left = text.length - text.trimStart().length + mark.length;
    let count = 0;
    while (left > 0 && count < this.held.length) left -= this.held[count++]?.text.length ?? 0;
    return this.held.splice(0, count).map((held) => ({ kind: "tag", ...held }));
  }

  /** Gives out what is held, except the last tokens that `keep` characters reach into. */
  private release(kind: PieceKind, keep = 0): ReplyPiece[] {
    let kept = 0;
    let count = this.held.length;
    while (count > 0 && kept < keep) kept += this.held[--count]?.text.length ?? 0;
    return this.held.splice(0, count).map(({ tokens, text }) => ({ kind, tokens, text }));
  }
}

/** Characters at the end of `text` that may be the beginning of one of `words`. */
function overlap(text: string, words: readonly string[]): number {
  let longest = 0;
  for (const word of words) {
    for (let length = Math.min(word.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(word.slice(0, length))) longest = length;
    }
  }
  return longest;
}
