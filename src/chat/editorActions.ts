import { basename } from "node:path";
import * as vscode from "vscode";
import { applyTo, planApply } from "./applyPlan.ts";
import type { CodeUse } from "./chatHost.ts";

/** Scheme of the proposed file on the right side of the diff; package.json shows its buttons by it. */
const proposalScheme = "daylong-proposal";

interface Proposal {
  readonly target: vscode.Uri;
  /** The text that the diff was made from: if the file has changed since, accepting would undo that change. */
  readonly before: string;
  readonly after: string;
}

/** What the buttons of a code block do in the editor. */
export class EditorActions implements vscode.Disposable, vscode.TextDocumentContentProvider {
  private readonly proposals = new Map<string, Proposal>();
  private readonly subscriptions: vscode.Disposable[];
  private count = 0;

  constructor() {
    this.subscriptions = [
      vscode.workspace.registerTextDocumentContentProvider(proposalScheme, this),
      vscode.workspace.onDidCloseTextDocument((document) => {
        if (document.uri.scheme === proposalScheme) this.proposals.delete(document.uri.toString());
      }),
    ];
  }

  async use({ action, code, language, fileName }: CodeUse): Promise<void> {
    switch (action) {
      case "copy":
        await vscode.env.clipboard.writeText(code);
        return;
      case "newFile":
        await openNewFile(code, language, fileName);
        return;
      case "insert":
        await insertAtCursor(code, language, fileName);
        return;
      case "apply":
        await this.propose(code, language, fileName);
    }
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.proposals.get(uri.toString())?.after ?? "";
  }

  /** Writes the proposal of the active diff into its file. */
  async accept(): Promise<void> {
    const shown = this.shownProposal();
    if (shown === undefined) return;
    const { proposal, tab } = shown;
    const document = await vscode.workspace.openTextDocument(proposal.target);
    if (document.getText() !== proposal.before) {
      void vscode.window.showWarningMessage(
        vscode.l10n.t("The file has changed since this diff was made. Apply the code again to see a new one."),
      );
      return;
    }
    const edit = new vscode.WorkspaceEdit();
    const whole = new vscode.Range(document.positionAt(0), document.positionAt(proposal.before.length));
    edit.replace(proposal.target, whole, proposal.after);
    await vscode.workspace.applyEdit(edit);
    await vscode.window.tabGroups.close(tab);
    await vscode.window.showTextDocument(document);
  }

  /** Closes the active diff; the file stays as it is. */
  async reject(): Promise<void> {
    const shown = this.shownProposal();
    if (shown !== undefined) await vscode.window.tabGroups.close(shown.tab);
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    this.proposals.clear();
  }

  private async propose(code: string, language: string, fileName: string): Promise<void> {
    const editor = await editorFor(fileName);
    if (editor === undefined) {
      await openNewFile(code, language, fileName);
      return;
    }
    const { document, selection } = editor;
    const before = document.getText();
    const range = { start: document.offsetAt(selection.start), end: document.offsetAt(selection.end) };
    const after = applyTo(before, planApply(before, range, code));
    if (after === before) {
      void vscode.window.showInformationMessage(vscode.l10n.t("The file already holds this code."));
      return;
    }
    this.count += 1;
    // The path keeps the file's name, so that the diff gets the right language.
    const uri = vscode.Uri.from({
      scheme: proposalScheme,
      path: document.uri.path,
      query: this.count.toString(),
    });
    this.proposals.set(uri.toString(), { target: document.uri, before, after });
    const title = vscode.l10n.t("{0}: as it is ↔ as proposed", basename(document.uri.path));
    await vscode.commands.executeCommand("vscode.diff", document.uri, uri, title, { preview: true });
  }

  private shownProposal(): { readonly proposal: Proposal; readonly tab: vscode.Tab } | undefined {
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
    if (!(tab?.input instanceof vscode.TabInputTextDiff)) return undefined;
    const proposal = this.proposals.get(tab.input.modified.toString());
    return proposal === undefined ? undefined : { proposal, tab };
  }
}

/** The file that a block names, if the workspace has it; else the editor that was used last. */
async function editorFor(fileName: string): Promise<vscode.TextEditor | undefined> {
  const named = fileName === "" ? undefined : await findInWorkspace(fileName);
  if (named !== undefined) {
    const visible = vscode.window.visibleTextEditors.find(
      (editor) => editor.document.uri.toString() === named.toString(),
    );
    return visible ?? (await vscode.window.showTextDocument(named, { preserveFocus: true }));
  }
  const editor = vscode.window.activeTextEditor ?? vscode.window.visibleTextEditors[0];
  return editor?.document.uri.scheme === proposalScheme ? undefined : editor;
}

/** Only a path inside a folder of the workspace: a model must not be able to point anywhere else. */
async function findInWorkspace(path: string): Promise<vscode.Uri | undefined> {
  const clean = path.replaceAll("\\", "/").replace(/^\.\//, "");
  if (clean === "" || clean.startsWith("/") || /^[a-z]+:/i.test(clean) || clean.split("/").includes("..")) {
    return undefined;
  }
  for (const folder of vscode.workspace.workspaceFolders ?? []) {
    const uri = vscode.Uri.joinPath(folder.uri, clean);
    try {
      const stat = await vscode.workspace.fs.stat(uri);
      if ((stat.type & vscode.FileType.File) !== 0) return uri;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/**
 * Opens a link of a reply: a web or mail address outside, a path of the workspace in the editor. Anything else, such
 * as a command, is refused: the address comes from a model.
 */
export async function openLink(href: string): Promise<void> {
  if (/^(https?|mailto):/i.test(href)) {
    await vscode.env.openExternal(vscode.Uri.parse(href, true));
    return;
  }
  const [, path = "", line] = /^([^#?]*?)(?:(?:#L|:)(\d+))?$/i.exec(decodeLink(href)) ?? [];
  const uri = await findInWorkspace(path);
  if (uri === undefined) {
    void vscode.window.showInformationMessage(vscode.l10n.t("This link leads nowhere in this workspace: {0}", href));
    return;
  }
  const at = new vscode.Position(Math.max(0, Number(line ?? 1) - 1), 0);
  await vscode.window.showTextDocument(uri, { selection: new vscode.Range(at, at) });
}

function decodeLink(href: string): string {
  try {
    return decodeURIComponent(href);
  } catch {
    return href;
  }
}

async function insertAtCursor(code: string, language: string, fileName: string): Promise<void> {
  const editor = vscode.window.activeTextEditor ?? vscode.window.visibleTextEditors[0];
  if (editor === undefined) {
    await openNewFile(code, language, fileName);
    return;
  }
  await editor.edit((edit) => {
    for (const selection of editor.selections) edit.replace(selection, code);
  });
  await vscode.window.showTextDocument(editor.document, { viewColumn: editor.viewColumn ?? vscode.ViewColumn.Active });
}

async function openNewFile(code: string, language: string, fileName: string): Promise<void> {
  const known = await vscode.languages.getLanguages();
  const wanted = languageIdOf(language, fileName);
  const document = await vscode.workspace.openTextDocument({
    content: code,
    ...(known.includes(wanted) ? { language: wanted } : {}),
  });
  await vscode.window.showTextDocument(document);
}

/** Names that models write above code, where VS Code's own language id differs. */
const languageIds: Readonly<Record<string, string>> = {
  bash: "shellscript",
  cs: "csharp",
  js: "javascript",
  jsx: "javascriptreact",
  kt: "kotlin",
  md: "markdown",
  ps1: "powershell",
  py: "python",
  rb: "ruby",
  rs: "rust",
  sh: "shellscript",
  shell: "shellscript",
  ts: "typescript",
  tsx: "typescriptreact",
  yml: "yaml",
  zsh: "shellscript",
};

function languageIdOf(language: string, fileName: string): string {
  const name = (language === "" ? (/\.([a-z0-9]+)$/i.exec(fileName)?.[1] ?? "") : language).toLowerCase();
  return languageIds[name] ?? name;
}
