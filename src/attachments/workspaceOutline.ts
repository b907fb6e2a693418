import * as vscode from "vscode";
import { DaylongError } from "../base/errors.ts";
import type { FolderEntry } from "./attachment.ts";
import { pathOf } from "./workspaceFiles.ts";

const mostEntries = 300;
const deepest = 5;

/** The names of what is in a folder, folders first, without what is ignored. Errors: `attachment-*`. */
export async function readOutline(
  root: vscode.Uri,
  isIgnored: (uri: vscode.Uri, isFolder: boolean) => Promise<boolean>,
): Promise<{ readonly path: string; readonly entries: readonly FolderEntry[]; readonly cut: boolean }> {
  const entries: FolderEntry[] = [];
  let cut = false;
  const visit = async (folder: vscode.Uri, depth: number): Promise<void> => {
    const found = await vscode.workspace.fs.readDirectory(folder);
    const sorted = found.map(([name, type]) => ({ name, isFolder: (type & vscode.FileType.Directory) !== 0 }));
    sorted.sort((one, other) => Number(other.isFolder) - Number(one.isFolder) || one.name.localeCompare(other.name));
    for (const { name, isFolder } of sorted) {
      const uri = vscode.Uri.joinPath(folder, name);
      if (await isIgnored(uri, isFolder)) continue;
      if (entries.length >= mostEntries) {
        cut = true;
        return;
      }
      entries.push({ depth, name, isFolder });
      if (isFolder && depth + 1 < deepest) await visit(uri, depth + 1);
      else if (isFolder) cut = true;
    }
  };
  const path = pathOf(root).replace(/\/$/, "");
  try {
    await visit(root, 0);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new DaylongError("attachment-unreadable", `${path} could not be read.`, detail);
  }
  return { path, entries, cut };
}
