import * as vscode from "vscode";
import type { Disposable } from "../base/disposable.ts";
import type { FoundCode } from "./codeContext.ts";
import type { Explainer } from "./explainer.ts";
import { ExplanationThread } from "./explanationThread.ts";

/** Documents that are gone for good once they are closed. */
const fleeting: ReadonlySet<string> = new Set(["untitled", "vscode-notebook-cell"]);

/** All explanations that are open, each under its code. They stay until they are closed, or their document is gone. */
export class ExplanationThreads implements vscode.Disposable {
  private readonly controller: vscode.CommentController;
  private readonly open = new Set<ExplanationThread>();
  private readonly subscriptions: Disposable[];

  constructor(private readonly explainer: Explainer) {
    this.controller = vscode.comments.createCommentController("daylong.explain", "Daylong");
    this.controller.options = {
      prompt: vscode.l10n.t("Ask about this…"),
      placeHolder: vscode.l10n.t("Ask about this code or the answer…"),
    };
    this.subscriptions = [
      this.controller,
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        for (const thread of this.of(document.uri)) thread.follow(contentChanges);
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.closeIfGone(uri)),
      vscode.workspace.onDidDeleteFiles(({ files }) => {
        for (const uri of files) this.closeUnder(uri);
      }),
      vscode.workspace.onDidRenameFiles(({ files }) => {
        for (const { oldUri } of files) this.closeUnder(oldUri);
      }),
    ];
  }

  /** Oldest first. */
  get all(): readonly ExplanationThread[] {
    return [...this.open];
  }

  /** Shows a new thread under the code. One about the same lines makes way. */
  show(uri: vscode.Uri, code: FoundCode): ExplanationThread {
    for (const old of this.of(uri)) {
      const isSame = old.thread.range?.isEqual(code.range) === true && old.code.excerpt.kind === code.excerpt.kind;
      if (isSame) old.dispose();
    }
    const thread = new ExplanationThread(this.controller, uri, code, this.explainer, () => this.open.delete(thread));
    this.open.add(thread);
    return thread;
  }

  /** What a menu or a key means by an argument: a thread, a comment in one, or nothing, where the newest is meant. */
  find(argument: unknown): ExplanationThread | undefined {
    if (argument === undefined) return this.newest();
    return this.all.find((each) => each.thread === argument || each.has(argument as vscode.Comment));
  }

  dispose(): void {
    for (const thread of this.open) thread.dispose();
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  /** Of the active editor, else of all. */
  private newest(): ExplanationThread | undefined {
    const uri = vscode.window.activeTextEditor?.document.uri;
    return (uri && this.of(uri).at(-1)) ?? this.all.at(-1);
  }

  private of(uri: vscode.Uri): readonly ExplanationThread[] {
    const wanted = uri.toString();
    return this.all.filter((thread) => thread.uri.toString() === wanted);
  }

  private closeIfGone(uri: vscode.Uri): void {
    if (!fleeting.has(uri.scheme)) return;
    // A document whose language is changed is closed and opened again.
    setTimeout(() => {
      const isOpen = vscode.workspace.textDocuments.some((document) => document.uri.toString() === uri.toString());
      if (!isOpen) this.closeUnder(uri);
    });
  }

  /** Of a file, or of all files of a folder. */
  private closeUnder(uri: vscode.Uri): void {
    const gone = uri.toString();
    for (const thread of this.open) {
      const own = thread.uri.toString();
      if (own === gone || own.startsWith(`${gone}/`)) thread.dispose();
    }
  }
}
