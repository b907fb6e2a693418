import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * Where the conversations of a workspace lie. Not in the workspace's own storage folder: VS Code locks that for one
 * window and gives another one a folder of its own, so that a reloaded window may find its conversations gone.
 *
 * @param globalFolder the extension's storage folder for all workspaces
 * @param workspace URI with its remote authority; empty: none is open
 */
export function workspaceStorageFolder(globalFolder: string, workspace: string): string {
  const name = workspace === "" ? "none" : createHash("sha256").update(workspace).digest("hex").slice(0, 32);
  return join(globalFolder, "workspaces", name);
}

/** The storage folders of all workspaces: the bound on disk use and "Delete All Data" hold for all of them. */
export async function allStorageFolders(globalFolder: string): Promise<string[]> {
  const parent = join(globalFolder, "workspaces");
  return (await readdir(parent).catch(() => [])).map((name) => join(parent, name));
}
