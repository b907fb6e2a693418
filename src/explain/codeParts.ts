import type { CodePart } from "./explainPrompt.ts";

export interface CodeParts {
  readonly parts: readonly CodePart[];
  /** The last line that is in a part; what comes after it was left out. */
  readonly lastLine: number;
  /** Whether a line was too long for a part of its own, and lost its end. */
  readonly linesCut: boolean;
}

/** A part ends before such a line if there is one in its last third: a blank line, or one that begins at the margin. */
const boundary = /^(\s*$|[^\s)}\]])/;

/**
 * Cuts code into parts of at most `most` characters, at lines, and rather between two declarations than inside one.
 *
 * @param firstLine of the code in its document, counted from 1
 * @param mostParts what comes after so many parts is left out
 */
export function splitCode(code: string, firstLine: number, most: number, mostParts: number): CodeParts {
  const lines = code.split("\n");
  const ranges: { readonly start: number; readonly end: number }[] = [];
  let linesCut = false;
  let start = 0;
  while (start < lines.length && ranges.length < mostParts) {
    let size = 0;
    let end = start;
    while (end < lines.length && (end === start || size + (lines[end]?.length ?? 0) < most)) {
      size += (lines[end]?.length ?? 0) + 1;
      end += 1;
    }
    if (size > most + 1) linesCut = true;
    if (end < lines.length) end = betterEnd(lines, start, end);
    ranges.push({ start, end });
    start = end;
  }
  const parts = ranges.map((range, index) => ({
    code: lines
      .slice(range.start, range.end)
      .map((line) => (line.length > most ? `${line.slice(0, Math.max(1, most - 1))}…` : line))
      .join("\n"),
    firstLine: firstLine + range.start,
    lastLine: firstLine + range.end - 1,
    number: index + 1,
    count: ranges.length,
  }));
  return { parts, lastLine: firstLine + (ranges.at(-1)?.end ?? 1) - 1, linesCut };
}

function betterEnd(lines: readonly string[], start: number, end: number): number {
  for (let at = end; at > start + ((end - start) * 2) / 3; at -= 1) {
    if (boundary.test(lines[at] ?? "")) return at;
  }
  return end;
}

/** The lines around those that matter, for code that is too large as a whole: at most `most` characters. */
export function windowAround(
  code: string,
  firstLine: number,
  important: readonly number[],
  most: number,
): { readonly code: string; readonly firstLine: number; readonly lastLine: number } {
  const lines = code.split("\n");
  const middle = Math.min(lines.length - 1, Math.max(0, (important[0] ?? firstLine) - firstLine));
  let start = middle;
  let end = middle + 1;
  let size = lines[middle]?.length ?? 0;
  for (let grown = true; grown;) {
    grown = false;
    for (const at of [start - 1, end]) {
      const line = lines[at];
      if (line === undefined || size + line.length + 1 > most) continue;
      size += line.length + 1;
      start = Math.min(start, at);
      end = Math.max(end, at + 1);
      grown = true;
    }
  }
  return {
    code: lines.slice(start, end).join("\n").slice(0, most),
    firstLine: firstLine + start,
    lastLine: firstLine + end - 1,
  };
}
