import type { WindowSpan } from "../engine/engine.ts";
import type { TurnView } from "../messages/chatMessages.ts";

/** A place in a text, both from 0, as an editor counts. */
export interface TextPlace {
  readonly line: number;
  readonly character: number;
}

export interface MemoryMark {
  /** The line above which the span is named: that of its first content. */
  readonly line: number;
  readonly kind: WindowSpan["kind"];
  readonly tokens: number;
  /** Part of `tokens` that the template puts around the contents. */
  readonly templateTokens: number;
  /** The first words of its turn; empty: it has none. */
  readonly words: string;
}

/** The exact text in the window, and what is to be said about it without being in it. */
export interface MemoryText {
  readonly text: string;
  readonly tokens: number;
  readonly marks: readonly MemoryMark[];
  /** Where the template's own text stands. */
  readonly template: readonly { readonly start: TextPlace; readonly end: TextPlace }[];
}

const wordsLength = 60;

export function memoryText(spans: readonly WindowSpan[], turns: readonly TurnView[]): MemoryText {
  const marks: MemoryMark[] = [];
  const template: { start: TextPlace; end: TextPlace }[] = [];
  const place = new Places();
  for (const { kind, turnId, tokens, pieces } of spans) {
    let line: number | undefined;
    let templateTokens = 0;
    for (const piece of pieces) {
      const start = place.here;
      place.pass(piece.text);
      if (piece.kind === "glue") {
        templateTokens += piece.tokens;
        template.push({ start, end: place.here });
      } else if (piece.text !== "") line ??= start.line;
    }
    const user =
      turns
        .findLast(({ id }) => id === turnId)
        ?.user.trim()
        .replace(/\s+/g, " ") ?? "";
    const words = user.length > wordsLength ? `${user.slice(0, wordsLength).trimEnd()}…` : user;
    marks.push({ line: line ?? place.here.line, kind, tokens, templateTokens, words });
  }
  return {
    text: spans.flatMap(({ pieces }) => pieces.map(({ text }) => text)).join(""),
    tokens: spans.reduce((sum, span) => sum + span.tokens, 0),
    marks,
    template,
  };
}

/** Counts lines as an editor does, which may write other line ends than the text has. */
class Places {
  private line = 0;
  private character = 0;
  private endsInReturn = false;

  get here(): TextPlace {
    return { line: this.line, character: this.character };
  }

  pass(text: string): void {
    if (text === "") return;
    // The two halves of one line end may come in two pieces.
    const rest = this.endsInReturn && text.startsWith("\n") ? text.slice(1) : text;
    const lines = rest.split(/\r\n|\r|\n/);
    const last = lines.at(-1)?.length ?? 0;
    if (lines.length > 1) {
      this.line += lines.length - 1;
      this.character = last;
    } else this.character += last;
    this.endsInReturn = text.endsWith("\r");
  }
}
