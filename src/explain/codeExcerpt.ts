export type ProblemSeverity = "error" | "warning" | "info" | "hint";

/** A diagnostic on the code. */
export interface Problem {
  /** Counted from 1, in the document. */
  readonly line: number;
  readonly severity: ProblemSeverity;
  readonly message: string;
}

/** The code that is to be explained or fixed, and what is known about its surroundings. Read once, at the key press. */
export interface CodeExcerpt {
  readonly kind: "explain" | "fix";
  /** As the user knows the file: relative to the workspace, or the name of an unsaved document. */
  readonly path: string;
  /** VS Code's language id. */
  readonly languageId: string;
  readonly code: string;
  /** Lines of the code, counted from 1, both included. */
  readonly firstLine: number;
  readonly lastLine: number;
  /** Symbols that hold the code, outermost first: "class Table", "method sort". */
  readonly enclosing: readonly string[];
  readonly problems: readonly Problem[];
  /** Lines that import something, in the order of the document. */
  readonly imports: readonly string[];
  /** Lines around the code, in the order of the document. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** What the user wants to know; empty: everything. */
  readonly question: string;
}
