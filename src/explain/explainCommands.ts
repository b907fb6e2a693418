import * as vscode from "vscode";
import { findCode, type Target } from "./codeContext.ts";
import type { CodeExcerpt } from "./codeExcerpt.ts";
import { ExplainActions } from "./explainActions.ts";
import { Explainer, type SideEngine } from "./explainer.ts";
import type { ExplanationThread } from "./explanationThread.ts";
import { ExplanationThreads } from "./explanationThreads.ts";

export interface ExplainOptions {
  readonly side: SideEngine;
  /** Puts what went wrong into words made for the user. */
  readonly describe: (error: unknown) => string;
  readonly chooseModel: () => Promise<void>;
  readonly useDemoModel: () => Promise<void>;
  /** Makes a question and its answer a turn of the conversation. */
  readonly keep: (question: string, answer: string) => Promise<void>;
  readonly showChat: () => unknown;
  readonly log: (line: string) => void;
}

/** What the commands, keys, menus and code actions of the explanations do. */
export class ExplainCommands implements vscode.Disposable {
  readonly threads: ExplanationThreads;
  readonly handlers = {
    "daylong.explain": () => this.explain("explain", ""),
    "daylong.fixProblem": () => this.explain("fix", ""),
    "daylong.askFollowUp": (reply: unknown) => this.askFollowUp(reply as vscode.CommentReply | undefined),
    "daylong.stopExplanation": (argument: unknown) => this.threads.find(argument)?.stop(commentOf(argument)),
    "daylong.copyExplanation": (argument: unknown) => this.copy(argument),
    "daylong.sendExplanationToChat": (argument: unknown) => this.sendToChat(argument),
    "daylong.closeExplanation": (argument: unknown) => this.threads.find(argument)?.dispose(),
  };
  private readonly actions: vscode.Disposable;

  constructor(private readonly options: ExplainOptions) {
    const explainer = new Explainer(options.side, {
      offerModel: () => this.offerModel(),
      describe: options.describe,
      partHeading: (first, last) =>
        first === last
          ? `**${vscode.l10n.t("Line {0}", first)}**`
          : `**${vscode.l10n.t("Lines {0}–{1}", first, last)}**`,
    });
    this.threads = new ExplanationThreads(explainer);
    this.actions = vscode.languages.registerCodeActionsProvider("*", new ExplainActions(), ExplainActions.kinds);
  }

  /** Explains the selection for `/explain` in the chat's input, with what the user wants to know behind it. */
  explainFromChat(message: string): void {
    void this.explain("explain", message.replace(/^\s*\/explain/, "").trim());
  }

  dispose(): void {
    this.actions.dispose();
    this.threads.dispose();
  }

  private async explain(kind: CodeExcerpt["kind"], question: string): Promise<void> {
    const target = activeTarget();
    if (target === undefined) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t("Open a file and select the code first. (Extensions cannot see files of more than 50 MB.)"),
      );
      return;
    }
    const code = await findCode(target, kind, question);
    if (code === undefined) {
      void vscode.window.showInformationMessage(vscode.l10n.t("There is no code here to explain: the file is blank."));
      return;
    }
    const thread = this.threads.show(target.document.uri, code);
    revealEnd(target.document, code.range);
    await this.finished(thread, thread.explain());
  }

  private async askFollowUp(reply: vscode.CommentReply | undefined): Promise<void> {
    const thread = this.threads.find(reply?.thread);
    const question = reply?.text.trim() ?? "";
    if (thread === undefined || question === "") return;
    await this.finished(thread, thread.ask(question));
  }

  private async finished(thread: ExplanationThread, work: Promise<void>): Promise<void> {
    await work;
    const last = thread.answers.at(-1);
    if (last?.status === "failed") this.options.log(`explanation failed: ${last.error}`);
  }

  private async copy(argument: unknown): Promise<void> {
    const text = this.threads.find(argument)?.answerText(commentOf(argument)) ?? "";
    if (text === "") return;
    await vscode.env.clipboard.writeText(text);
    vscode.window.setStatusBarMessage(vscode.l10n.t("Answer copied"), 3_000);
  }

  private async sendToChat(argument: unknown): Promise<void> {
    const turn = this.threads.find(argument)?.turn(commentOf(argument));
    if (turn === undefined) return;
    try {
      this.options.showChat();
      await this.options.keep(turn.user, turn.reply);
    } catch (error) {
      void vscode.window.showErrorMessage(this.options.describe(error));
    }
  }

  /** Asked for when there is none; the explanation then goes on. */
  private async offerModel(): Promise<boolean> {
    const choose = {
      label: `$(folder-opened) ${vscode.l10n.t("Choose a model file…")}`,
      detail: vscode.l10n.t("A GGUF file on this machine."),
      use: this.options.chooseModel,
    };
    const demo = {
      label: `$(beaker) ${vscode.l10n.t("Try the demo model")}`,
      detail: vscode.l10n.t("Built in and tiny: it shows how Daylong works, not what a model can do."),
      use: this.options.useDemoModel,
    };
    const picked = await vscode.window.showQuickPick([choose, demo], {
      title: vscode.l10n.t("No model is chosen yet"),
      placeHolder: vscode.l10n.t("Choose one, and the explanation goes on"),
      ignoreFocusOut: true,
    });
    await picked?.use();
    return picked !== undefined;
  }
}

/** The editor that the user is in, or was in before the chat; in a notebook the selected cell. */
function activeTarget(): Target | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor !== undefined) return { document: editor.document, selection: editor.selection };
  const notebook = vscode.window.activeNotebookEditor;
  const cell = notebook?.notebook.getCells(notebook.selection)[0];
  if (cell === undefined) return undefined;
  const { document } = cell;
  const end = document.lineAt(document.lineCount - 1).range.end;
  return { document, selection: new vscode.Selection(new vscode.Position(0, 0), end) };
}

/** The thread stands below the last line: that has to be seen. */
function revealEnd(document: vscode.TextDocument, range: vscode.Range): void {
  const editor = vscode.window.visibleTextEditors.find((each) => each.document === document);
  editor?.revealRange(new vscode.Range(range.end, range.end), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}

/** Undefined: the whole thread is meant. */
function commentOf(argument: unknown): vscode.Comment | undefined {
  const isComment = typeof argument === "object" && argument !== null && "body" in argument && "author" in argument;
  return isComment ? (argument as vscode.Comment) : undefined;
}
