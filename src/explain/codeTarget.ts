/** What a document's outline says, as far as it matters here. Lines are counted from 0, both included. */
export interface OutlineSymbol {
  readonly name: string;
  readonly kind: string;
  readonly firstLine: number;
  readonly lastLine: number;
  readonly children: readonly OutlineSymbol[];
}

export interface LineRange {
  readonly firstLine: number;
  readonly lastLine: number;
}

/** Lines of a document, counted from 0. */
export interface Lines {
  readonly count: number;
  at(line: number): string;
}

/** Kinds of symbols that people mean by "this code"; a variable inside a function is not. */
const wholes: ReadonlySet<string> = new Set([
  "class",
  "interface",
  "enum",
  "struct",
  "function",
  "method",
  "constructor",
]);
/** Kinds that hold half of the document. */
const holders: ReadonlySet<string> = new Set(["file", "module", "namespace", "package"]);

/** A paragraph ends after so many lines even if no blank one comes. */
const longestParagraph = 60;

/** The symbols that hold all of these lines, outermost first. */
export function symbolsAround(symbols: readonly OutlineSymbol[], range: LineRange): readonly OutlineSymbol[] {
  const around = symbols.find((symbol) => symbol.firstLine <= range.firstLine && symbol.lastLine >= range.lastLine);
  return around === undefined ? [] : [around, ...symbolsAround(around.children, range)];
}

/** What somebody who selected nothing means: the innermost whole symbol, or the outermost of any other kind. */
export function symbolMeant(symbols: readonly OutlineSymbol[], line: number): OutlineSymbol | undefined {
  const around = symbolsAround(symbols, { firstLine: line, lastLine: line });
  return around.findLast(({ kind }) => wholes.has(kind)) ?? around.find(({ kind }) => !holders.has(kind));
}

/** The lines around this one up to the next blank ones; on a blank line the paragraph below, or above at the end. */
export function paragraphAt(lines: Lines, line: number): LineRange | undefined {
  const isBlank = (at: number): boolean => lines.at(at).trim() === "";
  let seed = line;
  while (seed < lines.count && isBlank(seed)) seed += 1;
  if (seed >= lines.count) {
    seed = Math.min(line, lines.count - 1);
    while (seed >= 0 && isBlank(seed)) seed -= 1;
  }
  if (seed < 0) return undefined;
  let firstLine = seed;
  let lastLine = seed;
  while (firstLine > 0 && !isBlank(firstLine - 1) && seed - firstLine < longestParagraph / 2) firstLine -= 1;
  while (lastLine + 1 < lines.count && !isBlank(lastLine + 1) && lastLine - seed < longestParagraph / 2) lastLine += 1;
  return { firstLine, lastLine };
}

const importLine =
  /^\s*(import\b|from\s+\S+\s+import\b|export\s.*\bfrom\s*["']|#\s*include\b|use\s+\S|using\s+\S|require(_relative)?\b|(const|let|var|local)\s.*\brequire\s*\(|@import\b)/;
/** Imports stand at the top; further down such lines are code. */
const linesWithImports = 200;
const longestImport = 20;

/** Lines that import something, among the first ones and before `end`. One that is broken into several comes joined. */
export function importLines(lines: Lines, end: number): readonly string[] {
  const found: string[] = [];
  for (let line = 0; line < Math.min(end, linesWithImports, lines.count); line += 1) {
    let text = lines.at(line);
    if (!importLine.test(text)) continue;
    const last = Math.min(line + longestImport, end - 1, lines.count - 1);
    while (isOpen(text) && line < last) text += ` ${lines.at((line += 1)).trim()}`;
    found.push(text);
  }
  return found;
}

function isOpen(text: string): boolean {
  const count = (mark: RegExp): number => text.match(mark)?.length ?? 0;
  return count(/[{(]/g) > count(/[})]/g);
}

/** Takes away the white space that all lines begin with: it costs tokens and says nothing. */
export function dedent(code: string): string {
  const lines = code.split("\n");
  const indents = lines.filter((line) => line.trim() !== "").map((line) => /^[ \t]*/.exec(line)?.[0] ?? "");
  let common = indents[0] ?? "";
  for (const indent of indents) {
    while (!indent.startsWith(common)) common = common.slice(0, -1);
  }
  return lines.map((line) => line.slice(common.length)).join("\n");
}
