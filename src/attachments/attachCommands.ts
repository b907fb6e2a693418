import * as vscode from "vscode";
import type { AttachmentSource, AttachmentWorkspace } from "./attachment.ts";

type Attach = (sources: readonly AttachmentSource[]) => Promise<void>;

/** The commands that add something to the chat, from menus, keys and the palette. */
export function attachHandlers(
  workspace: AttachmentWorkspace,
  attach: Attach,
): Readonly<Record<"daylong.addSelection" | "daylong.addFile", (argument: unknown, all: unknown) => Promise<void>>> {
  return {
    "daylong.addSelection": async () => {
      const selection = await workspace.selection();
      if (selection === undefined) sayNothingOpen();
      else await attach([selection]);
    },
    "daylong.addFile": async (argument, all) => {
      const uris = urisOf(argument, all);
      if (uris.length === 0) {
        sayNothingOpen();
        return;
      }
      await attach(await Promise.all(uris.map((uri) => sourceFor(workspace, uri))));
    },
  };
}

/** The explorer hands over the clicked file and all that are selected; a tab its file; the palette nothing. */
function urisOf(argument: unknown, all: unknown): vscode.Uri[] {
  if (Array.isArray(all) && all.length > 0) {
    const selected = all.filter((each) => each instanceof vscode.Uri);
    if (selected.length > 0) return selected;
  }
  if (argument instanceof vscode.Uri) return [argument];
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  if (input instanceof vscode.TabInputText || input instanceof vscode.TabInputNotebook) return [input.uri];
  return input instanceof vscode.TabInputTextDiff ? [input.modified] : [];
}

async function sourceFor(workspace: AttachmentWorkspace, uri: vscode.Uri): Promise<AttachmentSource> {
  const found = await workspace.find(uri.toString());
  if (found?.isFolder === true) return { kind: "folder", uri: found.uri };
  return { kind: "file", uri: uri.toString(), firstLine: 0, lastLine: 0 };
}

function sayNothingOpen(): void {
  void vscode.window.showInformationMessage(vscode.l10n.t("Open a file first, or select one in the explorer."));
}
