import * as vscode from "vscode";
import type { CodeExcerpt, Problem, ProblemSeverity } from "./codeExcerpt.ts";
import {
  dedent,
  importLines,
  paragraphAt,
  symbolMeant,
  symbolsAround,
  type LineRange,
  type Lines,
  type OutlineSymbol,
} from "./codeTarget.ts";

/** What to look at: a selection, or where the cursor stands. */
export interface Target {
  readonly document: vscode.TextDocument;
  readonly selection: vscode.Selection;
}

/** The code and where it stands. */
export interface FoundCode {
  readonly excerpt: CodeExcerpt;
  readonly range: vscode.Range;
}

/** Lines of context on each side, before the prompt's budget cuts them. */
const surroundingLines = 60;
/** Longer lines are data, not code. Characters. */
const longestLine = 300;
/** More is never read at once, not even in parts. */
const mostLines = 5_000;
const mostProblems = 12;
/** Language servers can be slow. With a selection the outline only adds to the context. Milliseconds. */
const outlineTimeout = { needed: 2_000, extra: 300 };

/** Reads what is selected, or else what is meant. Undefined: the document is blank. */
export async function findCode(
  target: Target,
  kind: CodeExcerpt["kind"],
  question: string,
): Promise<FoundCode | undefined> {
  const { document } = target;
  const selected = trimmed(document, target.selection);
  const wanted = selected === undefined || kind === "fix" ? outlineTimeout.needed : outlineTimeout.extra;
  const outline = await outlineOf(document, wanted);
  const range = selected ?? rangeMeant(document, outline, target.selection.active);
  if (range === undefined) return undefined;
  return { range, excerpt: excerptOf(document, range, outline, kind, question, target.selection) };
}

function excerptOf(
  document: vscode.TextDocument,
  range: vscode.Range,
  outline: readonly OutlineSymbol[],
  kind: CodeExcerpt["kind"],
  question: string,
  selection: vscode.Selection,
): CodeExcerpt {
  const [first, last] = [range.start.line, range.end.line];
  const lines = linesOf(document);
  const above = Math.max(0, first - surroundingLines);
  const around = symbolsAround(outline, { firstLine: first, lastLine: last });
  const read =
    last - first < mostLines ? range : new vscode.Range(range.start, lineEnd(document, first + mostLines - 1));
  const problems = problemsIn(document, kind === "fix" && !selection.isEmpty ? selection : range);
  const atCursor = problems.filter(({ line }) => line === selection.start.line + 1);
  const before = linesBetween(document, above, first);
  return {
    kind,
    path: pathOf(document),
    languageId: document.languageId,
    code: dedent(document.getText(read).replaceAll("\r\n", "\n")),
    firstLine: first + 1,
    lastLine: last + 1,
    // The code itself may be a symbol: it does not stand inside of itself.
    enclosing: around.filter((symbol) => symbol.firstLine < first || symbol.lastLine > last).map(symbolTitle),
    problems: kind === "fix" && selection.isEmpty && atCursor.length > 0 ? atCursor : problems,
    imports: importLines(lines, above),
    before: above > 0 ? before : [...cellsAbove(document), ...before],
    after: linesBetween(document, last + 1, Math.min(lines.count, last + 1 + surroundingLines)),
    question,
  };
}

/** Without blank ends. Undefined: nothing but white space is selected. */
function trimmed(document: vscode.TextDocument, selection: vscode.Range): vscode.Range | undefined {
  let { start, end } = selection;
  while (end.isAfter(start) && document.lineAt(end.line).text.slice(0, end.character).trim() === "") {
    if (end.line === start.line) return undefined;
    end = lineEnd(document, end.line - 1);
  }
  while (start.isBefore(end) && document.lineAt(start.line).text.slice(start.character).trim() === "") {
    start = new vscode.Position(start.line + 1, 0);
  }
  if (!start.isBefore(end)) return undefined;
  const { firstNonWhitespaceCharacterIndex } = document.lineAt(start.line);
  return new vscode.Range(
    start.character <= firstNonWhitespaceCharacterIndex ? start.with({ character: 0 }) : start,
    end,
  );
}

function rangeMeant(
  document: vscode.TextDocument,
  outline: readonly OutlineSymbol[],
  cursor: vscode.Position,
): vscode.Range | undefined {
  const lines: LineRange | undefined = symbolMeant(outline, cursor.line) ?? paragraphAt(linesOf(document), cursor.line);
  return lines && new vscode.Range(new vscode.Position(lines.firstLine, 0), lineEnd(document, lines.lastLine));
}

function lineEnd(document: vscode.TextDocument, line: number): vscode.Position {
  return document.lineAt(Math.min(line, document.lineCount - 1)).range.end;
}

function linesOf(document: vscode.TextDocument): Lines {
  return { count: document.lineCount, at: (line) => document.lineAt(line).text };
}

function linesBetween(document: vscode.TextDocument, first: number, end: number): readonly string[] {
  return Array.from({ length: Math.max(0, end - first) }, (_, index) =>
    document.lineAt(first + index).text.slice(0, longestLine),
  );
}

/** A notebook's cells are documents of their own, but one reads on from the other. */
function cellsAbove(document: vscode.TextDocument): readonly string[] {
  const cell = cellOf(document);
  if (cell === undefined) return [];
  const cells = cell.notebook.getCells(new vscode.NotebookRange(0, cell.index));
  const code = cells.filter(({ kind }) => kind === vscode.NotebookCellKind.Code);
  return code
    .flatMap(({ document: other }) => linesBetween(other, 0, Math.min(other.lineCount, surroundingLines)))
    .slice(-surroundingLines);
}

function cellOf(document: vscode.TextDocument): vscode.NotebookCell | undefined {
  if (document.uri.scheme !== "vscode-notebook-cell") return undefined;
  const cells = vscode.workspace.notebookDocuments.flatMap((notebook) => notebook.getCells());
  return cells.find((cell) => cell.document === document);
}

function pathOf(document: vscode.TextDocument): string {
  const uri = cellOf(document)?.notebook.uri ?? document.uri;
  return vscode.workspace.asRelativePath(uri, false);
}

function problemsIn(document: vscode.TextDocument, range: vscode.Range): readonly Problem[] {
  return vscode.languages
    .getDiagnostics(document.uri)
    .filter((diagnostic) => diagnostic.range.intersection(range) !== undefined)
    .sort((left, right) => left.severity - right.severity)
    .slice(0, mostProblems)
    .map(({ range: { start }, severity, message }) => ({
      line: start.line + 1,
      severity: severities[severity],
      message,
    }));
}

const severities: Readonly<Record<vscode.DiagnosticSeverity, ProblemSeverity>> = {
  0: "error",
  1: "warning",
  2: "info",
  3: "hint",
};

function symbolTitle({ kind, name }: OutlineSymbol): string {
  return `${kind} ${name}`;
}

/** Empty: no outline, or none in time. */
async function outlineOf(document: vscode.TextDocument, timeoutMs: number): Promise<readonly OutlineSymbol[]> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeoutMs);
  });
  const asked = vscode.commands
    .executeCommand<(vscode.DocumentSymbol | vscode.SymbolInformation)[] | undefined>(
      "vscode.executeDocumentSymbolProvider",
      document.uri,
    )
    .then(
      (symbols) => symbols ?? [],
      () => [],
    );
  const symbols = (await Promise.race([asked, late])) ?? [];
  clearTimeout(timer);
  return symbols.map(outlineSymbol);
}

function outlineSymbol(symbol: vscode.DocumentSymbol | vscode.SymbolInformation): OutlineSymbol {
  const range = "location" in symbol ? symbol.location.range : symbol.range;
  return {
    name: symbol.name,
    kind: vscode.SymbolKind[symbol.kind].toLowerCase(),
    firstLine: range.start.line,
    lastLine: range.end.line,
    children: "children" in symbol ? symbol.children.map(outlineSymbol) : [],
  };
}
