/** What a screen reader is told for what cannot be read out. */
export interface SpeechWords {
  readonly code: string;
  readonly table: string;
}

/** End of a sentence or of a line: nothing is spoken before it is there. */
const sentenceEnd = /[.!?…。！？](?=["'”’)\]]*(?:\s|$))|[。！？]|\n+/g;
/** What makes a line one that is taken whole: the fence of a code block, or a row of a table. */
const lineStart = /[ \t]*(?:```|~~~|\|)/y;
/** Longest sentence that is read out, in characters; nobody listens to a longer one. */
const maximalSentence = 1_000;

/**
 * Cuts a growing reply into whole sentences, without the signs of markdown and with a word in the place of code, so
 * that it can be read out while it is being written.
 */
export class SentenceReader {
  private spoken = 0;
  private inCode = false;
  private inTable = false;

  constructor(private readonly words: SpeechWords) {}

  /** The sentences that have become complete since the last call. `done`: the rest is complete too. */
  read(source: string, done: boolean): string[] {
    const sentences: string[] = [];
    let end = this.nextEnd(source, done);
    while (end !== undefined) {
      const sentence = this.speak(source.slice(this.spoken, end));
      this.spoken = end;
      if (sentence !== "") sentences.push(sentence);
      end = this.nextEnd(source, done);
    }
    return sentences;
  }

  private nextEnd(source: string, done: boolean): number | undefined {
    if (this.spoken >= source.length) return undefined;
    // Lines of code are taken whole, and so is the line that opens a block.
    lineStart.lastIndex = this.spoken;
    if (this.inCode || lineStart.test(source)) {
      const line = source.indexOf("\n", this.spoken);
      if (line >= 0) return line + 1;
      return done ? source.length : undefined;
    }
    sentenceEnd.lastIndex = this.spoken;
    for (let match = sentenceEnd.exec(source); match !== null; match = sentenceEnd.exec(source)) {
      const after = match.index + match[0].length;
      // A full stop at the very end may be the beginning of "3.14".
      if (after < source.length || match[0].includes("\n") || done) return after;
    }
    return done ? source.length : undefined;
  }

  private speak(piece: string): string {
    if (/^\s*(?:```|~~~)/.test(piece)) {
      this.inCode = !this.inCode;
      return this.inCode ? this.words.code : "";
    }
    if (this.inCode) return "";
    const wasInTable = this.inTable;
    this.inTable = /^\s*\|/.test(piece);
    if (this.inTable) return wasInTable ? "" : this.words.table;
    return piece
      .slice(0, maximalSentence)
      .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replace(/^\s*(?:#{1,6}|>|[-*+]|\d+[.)])\s+/g, "")
      .replace(/[*_`~]{1,3}/g, "")
      .trim();
  }
}
