import * as vscode from "vscode";
import { isOver, newAnswer, type Answer } from "./answer.ts";
import { plainText } from "./answerMarkdown.ts";
import { answerBody, answerLabel, threadTitle } from "./answerText.ts";
import type { FoundCode } from "./codeContext.ts";
import type { Explainer } from "./explainer.ts";
import { turnText, type Exchange } from "./explainPrompt.ts";
import { movedRange, type TextEdit } from "./movedRange.ts";

/** Milliseconds between two pictures of an answer that is being written: each is laid out anew, editor and all. */
const frameMs = 90;

/** One question, or the explanation itself, with its answer. */
interface AnswerEntry {
  /** Empty for the explanation itself. */
  readonly question: string;
  readonly questionComment: vscode.Comment | undefined;
  readonly comment: vscode.Comment;
  readonly stopping: AbortController;
  answer: Answer;
}

/** A comment thread under the code that it is about: the explanation, and what was asked about it. */
export class ExplanationThread implements vscode.Disposable {
  readonly thread: vscode.CommentThread;
  private readonly entries: AnswerEntry[];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  constructor(
    controller: vscode.CommentController,
    readonly uri: vscode.Uri,
    readonly code: FoundCode,
    private readonly explainer: Explainer,
    private readonly onDidClose: () => void,
  ) {
    const first = newEntry("");
    this.entries = [first];
    // With a comment from the beginning: the workbench moves the cursor into the reply box of an empty thread.
    this.thread = controller.createCommentThread(uri, code.range, [first.comment]);
    this.thread.collapsibleState = vscode.CommentThreadCollapsibleState.Expanded;
    this.thread.canReply = true;
    this.retitle();
    this.draw();
  }

  /** The answers so far, oldest first. */
  get answers(): readonly Answer[] {
    return this.entries.map(({ answer }) => answer);
  }

  /** Resolves when the explanation is there. Without a model there is none, and the thread goes. */
  async explain(): Promise<void> {
    const entry = this.entries[0];
    if (entry === undefined) return;
    const tell = (answer: Answer): void => this.show(entry, answer);
    const answer = await this.explainer.explain(this.code.excerpt, tell, entry.stopping.signal);
    this.finish(entry, answer);
  }

  async ask(question: string): Promise<void> {
    const entry = newEntry(question);
    this.entries.push(entry);
    this.draw();
    const earlier = (): readonly Exchange[] =>
      this.entries
        .slice(0, this.entries.indexOf(entry))
        .map((each) => ({ question: each.question, answer: each.answer.text }));
    const tell = (answer: Answer): void => this.show(entry, answer);
    const { signal } = entry.stopping;
    this.finish(entry, await this.explainer.followUp(this.code.excerpt, earlier, question, tell, signal));
  }

  /** Ends one answer, or all. */
  stop(comment?: vscode.Comment): void {
    for (const entry of this.entries) {
      if (comment === undefined || entry.comment === comment) entry.stopping.abort();
    }
  }

  /** What is to be copied: one answer, or the newest. Markdown. */
  answerText(comment?: vscode.Comment): string {
    return this.entryOf(comment)?.answer.text ?? "";
  }

  /** One answer, or the newest, as a turn of the conversation. */
  turn(comment?: vscode.Comment): { readonly user: string; readonly reply: string } | undefined {
    const entry = this.entryOf(comment);
    if (entry === undefined || entry.answer.text.trim() === "") return undefined;
    return { user: turnText(this.code.excerpt, entry.question), reply: entry.answer.text.trim() };
  }

  has(comment: vscode.Comment): boolean {
    return this.entries.some((entry) => entry.comment === comment || entry.questionComment === comment);
  }

  /** The workbench moves its own picture of the thread while the editor is open; this is what it starts from next time. */
  follow(edits: readonly TextEdit[]): void {
    const { range } = this.thread;
    if (range === undefined) return;
    const { start, end } = edits.reduce(movedRange, range);
    const moved = new vscode.Range(start.line, start.character, end.line, end.character);
    if (moved.isEqual(range)) return;
    this.thread.range = moved;
    this.retitle();
  }

  expand(): void {
    this.thread.collapsibleState = vscode.CommentThreadCollapsibleState.Expanded;
  }

  dispose(): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.timer);
    this.stop();
    this.thread.dispose();
    this.onDidClose();
  }

  private entryOf(comment: vscode.Comment | undefined): AnswerEntry | undefined {
    if (comment === undefined) return this.entries.findLast(({ answer }) => answer.text !== "");
    return this.entries.find((entry) => entry.comment === comment);
  }

  private show(entry: AnswerEntry, answer: Answer): void {
    entry.answer = answer;
    this.timer ??= setTimeout(() => this.draw(), frameMs);
  }

  private finish(entry: AnswerEntry, answer: Answer): void {
    entry.answer = answer;
    const isFirst = this.entries[0] === entry;
    if (isFirst && answer.status === "declined") this.dispose();
    else this.draw();
  }

  private draw(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.closed) return;
    for (const { comment, answer } of this.entries) {
      comment.body = answerBody(answer);
      comment.label = answerLabel(answer);
      comment.contextValue = isOver(answer) ? (answer.text === "" ? "empty" : "answered") : "running";
    }
    this.thread.comments = this.entries.flatMap(({ questionComment, comment }) =>
      questionComment === undefined ? [comment] : [questionComment, comment],
    );
  }

  private retitle(): void {
    const { kind } = this.code.excerpt;
    const range = this.thread.range ?? this.code.range;
    this.thread.label = threadTitle(kind, range.start.line + 1, range.end.line + 1);
  }
}

function newEntry(question: string): AnswerEntry {
  const mode = vscode.CommentMode.Preview;
  const body = new vscode.MarkdownString(plainText(question));
  return {
    question,
    questionComment: question === "" ? undefined : { body, mode, author: { name: vscode.l10n.t("You") } },
    comment: { body: answerBody(newAnswer), mode, author: { name: "Daylong" }, contextValue: "running" },
    stopping: new AbortController(),
    answer: newAnswer,
  };
}
