import { Lexer, type Token } from "marked";

/** A top-level piece of a reply: a paragraph, a list, a code block. `text` is set where it is shown as it is. */
export type Block =
  | { readonly kind: "markdown"; readonly raw: string; readonly token: Token }
  | { readonly kind: "plain"; readonly raw: string };

/**
 * Cuts a growing text into blocks without reading all of it again: more text can change the last block only (a list
 * goes on, a paragraph becomes a heading), so those before it are kept as they are.
 */
export class BlockSplitter {
  private source = "";
  private kept: Block[] = [];
  private keptLength = 0;

  /** `source` may be anything; if it goes on from the one before, only the tail is read. */
  update(source: string): readonly Block[] {
    const text = source.includes("\r") ? source.replace(/\r\n?/g, "\n") : source;
    if (!text.startsWith(this.source)) {
      this.kept = [];
      this.keptLength = 0;
    }
    this.source = text;
    const tail = readBlocks(text.slice(this.keptLength));
    const blocks = [...this.kept, ...tail];
    // White space behind it does not end the last block: an indented line after it would still belong to a list.
    const final = tail.slice(0, Math.max(0, tail.findLastIndex(isVisible)));
    this.kept.push(...final);
    this.keptLength += final.reduce((sum, block) => sum + block.raw.length, 0);
    return blocks.filter(isVisible);
  }
}

/** All blocks of a text that is complete; references to links defined further down work here. */
export function splitBlocks(source: string): readonly Block[] {
  const blocks = readBlocks(source.replace(/\r\n?/g, "\n"));
  return blocks.filter(isVisible);
}

function isVisible(block: Block): boolean {
  return block.kind === "plain" || block.token.type !== "space";
}

function readBlocks(text: string): Block[] {
  if (isHostile(text)) return [{ kind: "plain", raw: text }];
  try {
    const tokens = Lexer.lex(text, { gfm: true });
    const blocks = tokens.map((token): Block => ({ kind: "markdown", raw: token.raw, token }));
    const length = tokens.reduce((sum, token) => sum + token.raw.length, 0);
    // The parser drops characters in rare cases (a byte order mark): then the cut would be in the wrong place.
    return length === text.length ? blocks : [{ kind: "plain", raw: text }];
  } catch {
    return [{ kind: "plain", raw: text }];
  }
}

/** Deepest nesting of quotes and lists that is drawn as such. */
const maximalDepth = 40;
/** Most characters of one paragraph, and most characters in it that begin or end something in markdown. */
const maximalParagraph = 30_000;
const maximalMarks = 2_000;

/**
 * Whether a text would keep the parser busy for long: it takes quadratic time for some piles of brackets and stars,
 * and recurses for nested quotes. Nobody reads such a text formatted.
 */
function isHostile(text: string): boolean {
  let marks = 0;
  let length = 0;
  for (const line of text.split("\n")) {
    if (deepStart.test(line)) return true;
    if (line.trim() === "") {
      marks = 0;
      length = 0;
      continue;
    }
    length += line.length;
    for (let index = 0; index < line.length; index += 1) {
      if (markCharacters.has(line.charCodeAt(index))) marks += 1;
    }
    if (marks > maximalMarks && length > 0 && marks > length / 4) return true;
    if (line.length > maximalParagraph) return true;
  }
  return false;
}

const deepStart = new RegExp(`^(?:[ \\t]*(?:>|[-+*](?=[ \\t])|\\d{1,9}[.)](?=[ \\t]))){${maximalDepth}}`);
const markCharacters = new Set(Array.from("*_`[]()<>!~\\|&", (character) => character.charCodeAt(0)));
