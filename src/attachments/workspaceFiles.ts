import * as vscode from "vscode";
import type { Candidate } from "./attachment.ts";
import { IgnoreRules } from "./ignoreRules.ts";

/** Files that are looked at; a workspace with more is searched in these only. */
const mostFiles = 20_000;
const mostIgnoreFiles = 200;
/** Milliseconds for which a list is good: files that come and go make it old at once. */
const freshMs = 30_000;

/** The files and folders of the workspace that are not ignored, by `files.exclude` and the `.gitignore` files. */
export class WorkspaceFiles implements vscode.Disposable {
  private list: Promise<readonly Candidate[]> | undefined;
  private listedAt = 0;
  private rules = new Map<string, Promise<IgnoreRules>>();
  private readonly watcher = vscode.workspace.createFileSystemWatcher("**/*", false, true, false);

  constructor() {
    const forget = (): void => {
      this.list = undefined;
      this.rules.clear();
    };
    this.watcher.onDidCreate(forget);
    this.watcher.onDidDelete(forget);
  }

  async all(): Promise<readonly Candidate[]> {
    if (this.list === undefined || Date.now() > this.listedAt + freshMs) {
      this.listedAt = Date.now();
      this.list = this.find();
      this.rules.clear();
    }
    const open = new Set(openUris());
    return (await this.list).map((candidate) => (open.has(candidate.uri) ? { ...candidate, isOpen: true } : candidate));
  }

  /** Whether the workspace's rules leave a file out; one outside of the workspace is never left out. */
  async isIgnored(uri: vscode.Uri, isFolder = false): Promise<boolean> {
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    if (folder === undefined) return false;
    return (await this.rulesOf(folder)).ignores(relativeTo(folder, uri), isFolder);
  }

  dispose(): void {
    this.watcher.dispose();
  }

  private async find(): Promise<readonly Candidate[]> {
    const uris = await vscode.workspace.findFiles("**/*", undefined, mostFiles);
    const files: Candidate[] = [];
    const folders = new Map<string, Candidate>();
    for (const uri of uris) {
      const folder = vscode.workspace.getWorkspaceFolder(uri);
      if (folder === undefined || (await this.rulesOf(folder)).ignores(relativeTo(folder, uri))) continue;
      files.push({ uri: uri.toString(), path: pathOf(uri), isFolder: false, isOpen: false });
      for (let parent = vscode.Uri.joinPath(uri, ".."); parent.path.startsWith(`${folder.uri.path}/`);) {
        const key = parent.toString();
        if (folders.has(key)) break;
        folders.set(key, { uri: key, path: pathOf(parent), isFolder: true, isOpen: false });
        parent = vscode.Uri.joinPath(parent, "..");
      }
    }
    const open = openUris().filter((uri) => !files.some((file) => file.uri === uri));
    const others = open.map((uri) => ({ uri, path: pathOf(vscode.Uri.parse(uri)), isFolder: false, isOpen: true }));
    return [...others, ...folders.values(), ...files.sort((one, other) => one.path.localeCompare(other.path))];
  }

  private rulesOf(folder: vscode.WorkspaceFolder): Promise<IgnoreRules> {
    const key = folder.uri.toString();
    const known = this.rules.get(key);
    if (known !== undefined) return known;
    const rules = readRules(folder);
    this.rules.set(key, rules);
    return rules;
  }
}

/** Relative to its workspace folder, whose name stands in front where there are several. */
export function pathOf(uri: vscode.Uri): string {
  const path = vscode.workspace.asRelativePath(uri);
  return path === "" ? uri.path : path;
}

function relativeTo(folder: vscode.WorkspaceFolder, uri: vscode.Uri): string {
  return uri.path.slice(folder.uri.path.replace(/\/$/, "").length + 1);
}

async function readRules(folder: vscode.WorkspaceFolder): Promise<IgnoreRules> {
  const pattern = new vscode.RelativePattern(folder, "**/.gitignore");
  const uris = await vscode.workspace.findFiles(pattern, undefined, mostIgnoreFiles);
  const files = await Promise.all(
    uris.map(async (uri) => {
      const bytes = await vscode.workspace.fs.readFile(uri).then(
        (read) => read,
        () => new Uint8Array(),
      );
      return { folder: relativeTo(folder, uri).replace(/\/?\.gitignore$/, ""), text: new TextDecoder().decode(bytes) };
    }),
  );
  const exclude = vscode.workspace.getConfiguration("files", folder.uri).get<Record<string, boolean>>("exclude", {});
  const excluded = Object.keys(exclude).filter((glob) => exclude[glob] === true);
  files.sort((one, other) => one.folder.length - other.folder.length);
  return new IgnoreRules([{ folder: "", text: excluded.join("\n") }, ...files]);
}

/** What stands in tabs, text and notebooks. */
function openUris(): string[] {
  const inputs = vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ input }) => input));
  return inputs.flatMap((input) =>
    input instanceof vscode.TabInputText || input instanceof vscode.TabInputNotebook ? [input.uri.toString()] : [],
  );
}
