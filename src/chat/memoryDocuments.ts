import * as vscode from "vscode";
import type { Event } from "../base/disposable.ts";
import type { WindowSpan } from "../engine/engine.ts";
import type { TurnView } from "../messages/chatMessages.ts";
import { memoryText, type MemoryMark, type MemoryText } from "./memoryText.ts";

export interface MemoryDocumentsOptions {
  /** What is in the window; undefined: no model is loaded. */
  readonly windowText: () => Promise<readonly WindowSpan[]> | undefined;
  readonly turns: () => readonly TurnView[];
  readonly onDidChange: Event<void>;
  readonly log: (line: string) => void;
}

const scheme = "daylong-memory";
/** Milliseconds in which changes are gathered before an open document is read anew. */
const refreshMs = 400;

/**
 * The exact text in the model's window, in a read-only editor. Nothing but that text is in the document: what is said
 * about it stands between the lines, as code lenses, and the template's own text is drawn fainter.
 */
export class MemoryDocuments implements vscode.TextDocumentContentProvider, vscode.CodeLensProvider, vscode.Disposable {
  private readonly uri = vscode.Uri.from({ scheme, path: `/${vscode.l10n.t("What the model remembers")}` });
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly lensesChanged = new vscode.EventEmitter<void>();
  readonly onDidChange = this.changed.event;
  readonly onDidChangeCodeLenses = this.lensesChanged.event;
  private readonly template = vscode.window.createTextEditorDecorationType({
    // No colour of its own: high contrast has no fainter one. At this value it stays readable (4.5 to 1) in every theme.
    opacity: "0.7",
  });
  private memory: MemoryText | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly disposables: { dispose(): unknown }[];

  constructor(private readonly options: MemoryDocumentsOptions) {
    this.disposables = [
      this.changed,
      this.lensesChanged,
      this.template,
      vscode.workspace.registerTextDocumentContentProvider(scheme, this),
      vscode.languages.registerCodeLensProvider({ scheme }, this),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.decorate(document)),
      vscode.window.onDidChangeVisibleTextEditors(() => this.decorate()),
      options.onDidChange(() => this.refresh()),
    ];
  }

  async show(): Promise<void> {
    // An open document may be older than this moment.
    this.changed.fire(this.uri);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(this.uri), { preview: false });
    this.decorate();
  }

  async provideTextDocumentContent(): Promise<string> {
    try {
      const spans = await this.options.windowText();
      this.memory = spans === undefined ? undefined : memoryText(spans, this.options.turns());
    } catch (error) {
      this.options.log(`the window's text: ${String(error)}`);
      this.memory = undefined;
    }
    this.lensesChanged.fire();
    return this.memory?.text ?? "";
  }

  provideCodeLenses(): vscode.CodeLens[] {
    const { memory } = this;
    if (memory === undefined) {
      return [
        lens(
          0,
          vscode.l10n.t("Nothing is in the model's window yet: it reads the conversation with your first words."),
        ),
      ];
    }
    const about = vscode.l10n.t("{0} tokens: all that the model sees now. Fainter: its template.", memory.tokens);
    return [lens(0, about), ...memory.marks.map((mark) => lens(mark.line, markTitle(mark)))];
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const disposable of this.disposables) disposable.dispose();
  }

  private refresh(): void {
    const isOpen = vscode.workspace.textDocuments.some((document) => document.uri.scheme === scheme);
    if (!isOpen || this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.changed.fire(this.uri);
    }, refreshMs);
  }

  private decorate(document?: vscode.TextDocument): void {
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document.uri.scheme !== scheme || (document !== undefined && editor.document !== document)) continue;
      const ranges = (this.memory?.template ?? []).map(
        ({ start, end }) => new vscode.Range(start.line, start.character, end.line, end.character),
      );
      editor.setDecorations(this.template, ranges);
    }
  }
}

function lens(line: number, title: string): vscode.CodeLens {
  return new vscode.CodeLens(new vscode.Range(line, 0, line, 0), { title, command: "" });
}

function markTitle({ kind, tokens, templateTokens, words }: MemoryMark): string {
  const names: Readonly<Record<MemoryMark["kind"], string>> = {
    head: vscode.l10n.t("Instructions, never forgotten"),
    pinned: vscode.l10n.t("Pinned turn"),
    turn: vscode.l10n.t("Turn"),
    live: vscode.l10n.t("Reply in progress"),
    detour: vscode.l10n.t("Side question, leaves no trace"),
    ahead: vscode.l10n.t("Read ahead"),
  };
  const name = words === "" ? names[kind] : `${names[kind]}: ${words}`;
  // The counts first: a long line is cut off at its end.
  return `${vscode.l10n.t("{0} tokens ({1} of the template)", tokens, templateTokens)} · ${name}`;
}
