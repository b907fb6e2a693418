/** A piece of a text, in characters. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

export interface ApplyPlan extends TextRange {
  readonly text: string;
}

interface Line {
  readonly start: number;
  readonly end: number;
  readonly trimmed: string;
  /** Characters of white space before it. */
  readonly indent: number;
}

/** Share of a file's lines that a block must hold to be taken for a new version of the whole file. */
const wholeFileShare = 0.6;

/**
 * Where a code block belongs in a file. A selection is replaced; else the stretch between the block's first and last
 * lines, where the file has both; else the whole file, if the block holds most of it; else it goes to the cursor.
 * The user sees the outcome as a diff, so a wrong guess costs a click.
 */
export function planApply(document: string, selection: TextRange, code: string): ApplyPlan {
  const lineBreak = document.includes("\r\n") ? "\r\n" : "\n";
  const text = code.replace(/\r\n?|\n/g, lineBreak).replace(/(\r?\n)+$/, "");
  if (selection.end > selection.start) return { ...selection, text };
  if (document.trim() === "") return { start: 0, end: document.length, text: text + lineBreak };
  const lines = linesOf(document);
  const block = linesOf(text).filter((line) => line.trimmed !== "");
  const region = sameStretch(lines, block);
  if (region !== undefined) return { ...region, text: indentLike(text, document, region.start, lineBreak) };
  if (isWholeFile(lines, block)) return { start: 0, end: document.length, text: text + lineBreak };
  const before = selection.start > 0 && document[selection.start - 1] !== "\n" ? lineBreak : "";
  return { start: selection.start, end: selection.start, text: before + text + lineBreak };
}

export function applyTo(document: string, plan: ApplyPlan): string {
  return document.slice(0, plan.start) + plan.text + document.slice(plan.end);
}

function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  let start = 0;
  for (const raw of text.split("\n")) {
    const content = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    const indent = content.length - content.trimStart().length;
    lines.push({ start, end: start + content.length, trimmed: content.trim(), indent });
    start += raw.length + 1;
  }
  return lines;
}

/** The stretch that begins and ends with the block's first and last lines, if there is exactly one such beginning. */
function sameStretch(lines: readonly Line[], block: readonly Line[]): TextRange | undefined {
  const first = block[0];
  const last = block.at(-1);
  if (first === undefined || last === undefined || block.length < 2 || isTrivial(first.trimmed)) return undefined;
  const starts = lines.filter((line) => line.trimmed === first.trimmed);
  const [start] = starts;
  if (start === undefined || starts.length !== 1) return undefined;
  const deeper = last.indent - first.indent;
  const end = lines
    .slice(lines.indexOf(start) + 1)
    .find((line) => line.trimmed === last.trimmed && line.indent - start.indent === deeper);
  return end === undefined ? undefined : { start: start.start, end: end.end };
}

function isTrivial(line: string): boolean {
  return !/[\p{L}\p{N}]/u.test(line);
}

function isWholeFile(lines: readonly Line[], block: readonly Line[]): boolean {
  const wanted = lines.filter((line) => line.trimmed !== "");
  const given = new Set(block.map((line) => line.trimmed));
  const kept = wanted.filter((line) => given.has(line.trimmed)).length;
  return kept >= wanted.length * wholeFileShare;
}

function indentLike(text: string, document: string, start: number, lineBreak: string): string {
  const margin = /^[\t ]*/.exec(document.slice(start))?.[0] ?? "";
  const own = /^[\t ]*/.exec(text)?.[0] ?? "";
  if (margin.length <= own.length) return text;
  const extra = margin.slice(own.length);
  return text
    .split(lineBreak)
    .map((line) => (line === "" ? line : extra + line))
    .join(lineBreak);
}
