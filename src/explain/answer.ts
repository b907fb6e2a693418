export type AnswerStatus =
  | "waiting"
  | "loading"
  | "reading"
  | "thinking"
  | "writing"
  | "done"
  | "stopped"
  | "failed"
  /** No model was chosen when one was offered. */
  | "declined";

/** What the reader must know about an answer beside its text. Lines are counted from 1, in the document. */
export type AnswerNote =
  | { readonly type: "linesLeftOut"; readonly firstLine: number; readonly lastLine: number }
  | { readonly type: "onlyLines"; readonly firstLine: number; readonly lastLine: number }
  | { readonly type: "longLinesCut" }
  | { readonly type: "answerCut" }
  | { readonly type: "loop" };

export interface Answer {
  readonly status: AnswerStatus;
  /** How many are answered before this one, while it waits. */
  readonly ahead: number;
  /** Which part of the prompt has been read, 0…1. */
  readonly read: number;
  /** Markdown, as the model wrote it. */
  readonly text: string;
  readonly notes: readonly AnswerNote[];
  /** Why it failed, in words made for the user. */
  readonly error: string;
  readonly timeToFirstTokenMs: number;
}

export const newAnswer: Answer = {
  status: "waiting",
  ahead: 0,
  read: 0,
  text: "",
  notes: [],
  error: "",
  timeToFirstTokenMs: 0,
};

export function isOver({ status }: Answer): boolean {
  return status === "done" || status === "stopped" || status === "failed" || status === "declined";
}
