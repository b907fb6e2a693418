import * as vscode from "vscode";
import { DaylongError } from "../base/errors.ts";
import type {
  AttachmentSource,
  AttachmentWorkspace,
  Candidate,
  FileText,
  Problem,
  SymbolCandidate,
} from "./attachment.ts";
import { assertIsText, assertNotHuge } from "./fileBytes.ts";
import { readOutline } from "./workspaceOutline.ts";
import { pathOf, WorkspaceFiles } from "./workspaceFiles.ts";

const mostProblems = 50;
const mostSymbols = 200;

/** Reads what is attached through the workbench: local, remote, virtual and unsaved files alike. */
export class WorkspaceAttachments implements AttachmentWorkspace, vscode.Disposable {
  private readonly files = new WorkspaceFiles();
  private readonly changes = new vscode.EventEmitter<string>();
  private readonly subscriptions: vscode.Disposable[];
  /** The text editor that was used last: the chat's view takes the focus, and webviews hide the active editor. */
  private lastEditor = vscode.window.activeTextEditor;
  readonly onDidChangeFile = (listener: (uri: string) => void): vscode.Disposable => this.changes.event(listener);

  constructor() {
    const watcher: vscode.FileSystemWatcher = vscode.workspace.createFileSystemWatcher("**/*", true, false, false);
    const tell = (uri: vscode.Uri): void => this.changes.fire(uri.toString());
    this.subscriptions = [
      vscode.Disposable.from(this.files, this.changes, watcher),
      watcher.onDidChange(tell),
      watcher.onDidDelete(tell),
      vscode.workspace.onDidChangeTextDocument(({ document }) => tell(document.uri)),
      vscode.window.onDidChangeActiveTextEditor((editor) => {
        if (editor !== undefined) this.lastEditor = editor;
      }),
    ];
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  async read(uri: string): Promise<FileText> {
    const place = vscode.Uri.parse(uri, true);
    const path = pathOf(place);
    const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === place.toString());
    const ignored = await this.files.isIgnored(place);
    if (open !== undefined) {
      const text = open.getText();
      assertNotHuge(path, text.length);
      return { path, text, languageId: open.languageId, ignored };
    }
    try {
      const { type, size } = await vscode.workspace.fs.stat(place);
      if ((type & vscode.FileType.Directory) !== 0) {
        throw new DaylongError("attachment-unreadable", `${path} is a folder. Attach its outline with @folder:.`);
      }
      assertNotHuge(path, size);
      const bytes = await vscode.workspace.fs.readFile(place);
      assertIsText(path, bytes);
      const text = await vscode.workspace.decode(bytes, { uri: place });
      return { path, text, languageId: languageOf(path), ignored };
    } catch (error) {
      throw readingError(path, error);
    }
  }

  selection(): Promise<Extract<AttachmentSource, { readonly kind: "file" }> | undefined> {
    const editor = vscode.window.activeTextEditor ?? this.lastVisible();
    if (editor === undefined) return Promise.resolve(undefined);
    return Promise.resolve(sourceOf(editor.document, editor.selection));
  }

  problems(): Promise<readonly Problem[]> {
    const editor = vscode.window.activeTextEditor ?? this.lastVisible();
    const here = editor === undefined ? [] : vscode.languages.getDiagnostics(editor.document.uri);
    const all: [vscode.Uri, readonly vscode.Diagnostic[]][] =
      editor !== undefined && here.length > 0 ? [[editor.document.uri, here]] : vscode.languages.getDiagnostics();
    const problems = all.flatMap(([uri, diagnostics]) => diagnostics.map((diagnostic) => problemOf(uri, diagnostic)));
    const rank = { error: 0, warning: 1, information: 2 };
    problems.sort((one, other) => rank[one.severity] - rank[other.severity]);
    return Promise.resolve(problems.slice(0, mostProblems));
  }

  outline(uri: string): ReturnType<AttachmentWorkspace["outline"]> {
    return readOutline(vscode.Uri.parse(uri, true), (file, isFolder) => this.files.isIgnored(file, isFolder));
  }

  candidates(): Promise<readonly Candidate[]> {
    return this.files.all();
  }

  async symbols(query: string): Promise<readonly SymbolCandidate[]> {
    const found = await vscode.commands.executeCommand<vscode.SymbolInformation[] | undefined>(
      "vscode.executeWorkspaceSymbolProvider",
      query,
    );
    return (found ?? []).slice(0, mostSymbols).map(({ name, containerName, location }) => ({
      uri: location.uri.toString(),
      path: pathOf(location.uri),
      name,
      container: containerName,
      firstLine: location.range.start.line + 1,
      lastLine: location.range.end.line + 1,
    }));
  }

  async find(path: string): Promise<{ readonly uri: string; readonly isFolder: boolean } | undefined> {
    for (const uri of placesOf(path)) {
      const open = vscode.workspace.textDocuments.some((document) => document.uri.toString() === uri.toString());
      if (open) return { uri: uri.toString(), isFolder: false };
      try {
        const { type } = await vscode.workspace.fs.stat(uri);
        return { uri: uri.toString(), isFolder: (type & vscode.FileType.Directory) !== 0 };
      } catch {
        // Not there.
      }
    }
    return undefined;
  }

  async open(uri: string, firstLine: number, lastLine: number): Promise<void> {
    const place = vscode.Uri.parse(uri, true);
    const { type } = await vscode.workspace.fs.stat(place).then(
      (stat) => stat,
      () => ({ type: vscode.FileType.File }),
    );
    if ((type & vscode.FileType.Directory) !== 0) {
      await vscode.commands.executeCommand("revealInExplorer", place);
      return;
    }
    const selection =
      firstLine === 0 ? {} : { selection: new vscode.Range(firstLine - 1, 0, lastLine - 1, Number.MAX_SAFE_INTEGER) };
    await vscode.commands.executeCommand("vscode.open", place, { preview: true, ...selection });
  }

  async show(text: string): Promise<void> {
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ content: text }), { preview: true });
  }

  private lastVisible(): vscode.TextEditor | undefined {
    const { visibleTextEditors } = vscode.window;
    const last = visibleTextEditors.find(({ document }) => document === this.lastEditor?.document);
    return last ?? visibleTextEditors[0];
  }
}

/** Whole lines; with nothing selected, the whole file. A selection that ends at the beginning of a line leaves it out. */
function sourceOf(
  document: vscode.TextDocument,
  selection: vscode.Selection,
): Extract<AttachmentSource, { readonly kind: "file" }> {
  const uri = document.uri.toString();
  if (selection.isEmpty) return { kind: "file", uri, firstLine: 0, lastLine: 0 };
  const { start, end } = selection;
  const lastLine = end.character === 0 && end.line > start.line ? end.line : end.line + 1;
  return { kind: "file", uri, firstLine: start.line + 1, lastLine };
}

function placesOf(path: string): vscode.Uri[] {
  const text = path.trim().replace(/^"(.*)"$/, "$1");
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (/^[a-z][a-z0-9+.-]+:\/?\/?/i.test(text) && !/^[a-z]:[\\/]/i.test(text)) {
    try {
      return [vscode.Uri.parse(text, true)];
    } catch {
      return [];
    }
  }
  const names = text
    .replaceAll("\\", "/")
    .replace(/^\.\//, "")
    .replace(/:\d+(:\d+)?$/, "");
  if (names.startsWith("/") || /^[a-z]:\//i.test(names)) {
    // On a remote or virtual workspace a path belongs to that machine.
    const base = folders[0]?.uri;
    const absolute = vscode.Uri.file(names);
    return base === undefined || base.scheme === "file" ? [absolute] : [base.with({ path: absolute.path }), absolute];
  }
  const named = folders.filter(({ name }) => names.startsWith(`${name}/`));
  return [
    ...named.map(({ uri, name }) => vscode.Uri.joinPath(uri, names.slice(name.length + 1))),
    ...folders.map(({ uri }) => vscode.Uri.joinPath(uri, names)),
  ];
}

function problemOf(uri: vscode.Uri, { range, severity, message }: vscode.Diagnostic): Problem {
  const document = vscode.workspace.textDocuments.find((each) => each.uri.toString() === uri.toString());
  const { line } = range.start;
  return {
    path: pathOf(uri),
    line: line + 1,
    severity:
      severity === vscode.DiagnosticSeverity.Error
        ? "error"
        : severity === vscode.DiagnosticSeverity.Warning
          ? "warning"
          : "information",
    message,
    code: document !== undefined && line < document.lineCount ? document.lineAt(line).text : "",
  };
}

/** The language of a file that is not open: by its ending, as the mark of a code block. */
function languageOf(path: string): string {
  return /\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase() ?? "";
}

function readingError(path: string, error: unknown): DaylongError {
  if (error instanceof DaylongError) return error;
  const code = error instanceof vscode.FileSystemError ? error.code : "";
  if (code === "FileNotFound") return new DaylongError("attachment-not-found", `There is no file ${path} any more.`);
  const detail = error instanceof Error ? error.message : String(error);
  return code === "NoPermissions"
    ? new DaylongError("attachment-unreadable", `${path} may not be read: it belongs to somebody else.`, detail)
    : new DaylongError("attachment-unreadable", `${path} could not be read.`, detail);
}
