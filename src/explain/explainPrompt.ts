import type { CodeExcerpt, Problem, ProblemSeverity } from "./codeExcerpt.ts";
import { codeBlock, fenceOf } from "../base/codeFence.ts";
import { always, type PromptGroup, type PromptNode, type PromptText } from "./promptTree.ts";

/**
 * What goes first when the prompt is too long, from the least important on. Lines around the code go one by one, the
 * farthest first; of two at the same distance the one below, since what stands above is what the code builds on.
 */
const importance = {
  surroundings: 0,
  /** Everything around the code is nearer than this, in lines. */
  nearest: 1_000,
  imports: 1_001,
  /** An import of a name that the code uses. */
  usedImports: 1_002,
  hint: 1_003,
  info: 1_003,
  warning: 1_004,
  enclosing: 1_005,
  style: 1_006,
  error: 1_007,
  path: 1_008,
} as const;

/** One question and its answer, earlier in the thread. */
export interface Exchange {
  /** Empty: the explanation itself, which nobody asked for in words. */
  readonly question: string;
  readonly answer: string;
}

/** Which lines of the excerpt a prompt is about, if not all: counted from 1, and how many such parts there are. */
export interface CodePart {
  readonly code: string;
  readonly firstLine: number;
  readonly lastLine: number;
  readonly number: number;
  readonly count: number;
}

/** The whole prompt as a tree. The code and the instruction are never cut. */
export function explainPrompt(excerpt: CodeExcerpt, part?: CodePart): PromptGroup {
  const code = part?.code ?? excerpt.code;
  return {
    children: [
      whereabouts(excerpt, part),
      list("Imports:\n", excerpt.languageId, importLines(excerpt)),
      list(
        "The code above it:\n",
        excerpt.languageId,
        excerpt.before.map((line, index) => surrounding(line, excerpt.before.length - index, true)),
      ),
      list(
        "The code below it:\n",
        excerpt.languageId,
        excerpt.after.map((line, index) => surrounding(line, index + 1, false)),
      ),
      problemList(excerpt),
      style(excerpt),
      { text: `${instruction(excerpt, part)}\n`, priority: always },
      { text: codeBlock(code, excerpt.languageId), priority: always },
      ...(excerpt.question === "" ? [] : [{ text: `${excerpt.question}\n`, priority: always }]),
    ],
  };
}

/** The prompt without anything that could be cut. */
export function barePrompt(excerpt: CodeExcerpt, part?: CodePart): PromptGroup {
  const { children } = explainPrompt(excerpt, part);
  return { children: children.filter((child) => "priority" in child && child.priority === always) };
}

/**
 * A question about an earlier answer. The detour that gave it left no trace, so the thread is told again: as much of it
 * as fits, the code and the latest answers before the rest.
 */
export function followUpPrompt(excerpt: CodeExcerpt, earlier: readonly Exchange[], question: string): PromptGroup {
  const { open, close } = fenceOf(excerpt.code, excerpt.languageId);
  const lines = linesOf(excerpt.code);
  const codePriority = 2 * earlier.length;
  return {
    children: [
      whereabouts(excerpt, undefined),
      {
        gap: "…\n",
        children: [
          { text: `Code:\n${open}`, priority: always, frame: true },
          // The first lines say most about what it is.
          ...lines.map((line, index) => ({ text: `${line}\n`, priority: codePriority - index / (lines.length + 1) })),
          { text: close, priority: always, frame: true },
        ],
      },
      ...earlier.map((exchange, index) => ({
        gap: "…\n",
        children: exchangeTexts(exchange, 2 * index - 1),
      })),
      { text: question, priority: always },
    ],
  };
}

/** What the thread says as a user's message, when it becomes a turn of the conversation. */
export function turnText(excerpt: CodeExcerpt, question: string): string {
  const where = `${excerpt.path}, ${lineRange(excerpt.firstLine, excerpt.lastLine)}`;
  const asked = question === "" ? excerpt.question : question;
  const block = codeBlock(excerpt.code, excerpt.languageId).trimEnd();
  if (asked !== "") return `About this code (${where}):\n${block}\n\n${asked}`;
  return `${excerpt.kind === "fix" ? "Fix" : "Explain"} this code (${where}):\n${block}`;
}

function exchangeTexts({ question, answer }: Exchange, priority: number): PromptNode[] {
  const asked: PromptText = { text: `Question: ${question}\n`, priority: priority + 0.5 };
  return [...(question === "" ? [] : [asked]), { text: `Answer: ${answer.trim()}\n`, priority }];
}

function instruction(excerpt: CodeExcerpt, part: CodePart | undefined): string {
  const which = part === undefined ? "" : ` (part ${part.number} of ${part.count})`;
  if (excerpt.kind === "explain") return `Explain this code${which}:`;
  const [problem, ...more] = excerpt.problems;
  if (problem === undefined) return `Fix this code${which}:`;
  if (more.length === 0) return `Fix this problem${which}: ${problemText(problem)}`;
  return `Fix these problems${which}:\n${excerpt.problems.map((each) => `- ${problemText(each)}`).join("\n")}`;
}

function whereabouts({ path, enclosing, firstLine, lastLine }: CodeExcerpt, part: CodePart | undefined): PromptGroup {
  const lines = lineRange(part?.firstLine ?? firstLine, part?.lastLine ?? lastLine);
  return {
    children: [
      ...(path === "" ? [] : [{ text: `File ${path}, ${lines}.\n`, priority: importance.path }]),
      ...(enclosing.length === 0
        ? []
        : [{ text: `It is inside ${enclosing.join(", ")}.\n`, priority: importance.enclosing }]),
    ],
  };
}

function style({ kind, question }: CodeExcerpt): PromptText {
  const wish =
    kind === "fix"
      ? "Say what is wrong, then show the corrected code.\n"
      : "Be brief: what it does, why, and what is easy to miss. Do not repeat the code.\n";
  return { text: question === "" ? wish : "Be brief.\n", priority: importance.style };
}

function importLines({ imports, code }: CodeExcerpt): PromptText[] {
  const used = new Set(code.match(/[\p{L}_$][\p{L}\p{N}_$]*/gu));
  return imports.map((line) => {
    const names: readonly string[] = line.match(/[\p{L}_$][\p{L}\p{N}_$]*/gu) ?? [];
    const isUsed = names.some((name) => name.length > 1 && used.has(name) && !keywords.has(name));
    return { text: `${line}\n`, priority: isUsed ? importance.usedImports : importance.imports };
  });
}

/** Words of import lines that say nothing about what is imported. */
const keywords: ReadonlySet<string> = new Set([
  "import",
  "from",
  "as",
  "type",
  "const",
  "use",
  "using",
  "include",
  "require",
  "package",
  "static",
]);

function surrounding(line: string, distance: number, isAbove: boolean): PromptText {
  const priority = importance.nearest - Math.min(distance, importance.nearest) + (isAbove ? 0.5 : 0);
  return { text: `${line}\n`, priority };
}

function list(heading: string, languageId: string, lines: readonly PromptText[]): PromptGroup {
  const { open, close } = fenceOf(lines.map((line) => line.text).join(""), languageId);
  return {
    gap: "…\n",
    children: [
      { text: heading + open, priority: always, frame: true },
      ...lines,
      { text: close, priority: always, frame: true },
    ],
  };
}

function problemList({ kind, problems }: CodeExcerpt): PromptGroup {
  // What is to be fixed stands in the instruction.
  if (kind === "fix") return { children: [] };
  const texts = problems.map((problem) => ({
    text: `- ${problemText(problem)}\n`,
    priority: importance[problem.severity],
  }));
  return { children: [{ text: "Problems in it:\n", priority: always, frame: true }, ...texts] };
}

const severityNames: Readonly<Record<ProblemSeverity, string>> = {
  error: "error",
  warning: "warning",
  info: "note",
  hint: "hint",
};

function problemText({ line, severity, message }: Problem): string {
  return `line ${line}, ${severityNames[severity]}: ${message.replace(/\s+/g, " ").trim()}`;
}

function lineRange(first: number, last: number): string {
  return first === last ? `line ${first}` : `lines ${first}-${last}`;
}

function linesOf(code: string): readonly string[] {
  return code.replace(/\n$/, "").split("\n");
}
