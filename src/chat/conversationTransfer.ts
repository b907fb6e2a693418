import * as vscode from "vscode";
import { shown, type ConversationCommandsOptions } from "./conversationCommands.ts";
import { exportFileName, exportJson, parseConversation } from "./conversationExport.ts";
import type { ListedConversation } from "./conversationLibrary.ts";
import { exportMarkdown } from "./conversationMarkdown.ts";

interface FormatItem extends vscode.QuickPickItem {
  readonly extension: "md" | "json";
  readonly thoughts: boolean;
}

/** Writes a conversation to a file that the user names. */
export async function exportConversation(
  options: ConversationCommandsOptions,
  conversation: ListedConversation | undefined,
): Promise<void> {
  if (conversation === undefined) return;
  const format = await vscode.window.showQuickPick(formats(), {
    title: vscode.l10n.t("Export the conversation"),
    placeHolder: vscode.l10n.t("What is it for?"),
  });
  if (format === undefined) return;
  const name = `${exportFileName(conversation.title)}.${format.extension}`;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const target = await vscode.window.showSaveDialog({
    title: vscode.l10n.t("Export the conversation"),
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, name) }),
    filters: format.extension === "md" ? { Markdown: ["md"] } : { JSON: ["json"] },
  });
  if (target === undefined) return;
  await shown(options, async () => {
    const portable = { title: conversation.title, turns: await options.library.read(conversation.id) };
    const text =
      format.extension === "json"
        ? exportJson(portable, Date.now())
        : exportMarkdown(portable, {
            thoughts: format.thoughts,
            translate: (message, ...values) => vscode.l10n.t(message, ...values),
            language: vscode.env.language,
          });
    await vscode.workspace.fs.writeFile(target, Buffer.from(text, "utf8"));
    void offerToOpen(target);
  });
}

/** Reads a conversation that was exported as JSON, as a new one of this workspace, and shows it. */
export async function importConversation(
  options: ConversationCommandsOptions,
  showChat: () => Thenable<unknown>,
): Promise<void> {
  const [file] =
    (await vscode.window.showOpenDialog({
      title: vscode.l10n.t("Import a conversation"),
      openLabel: vscode.l10n.t("Import"),
      filters: { JSON: ["json"] },
    })) ?? [];
  if (file === undefined) return;
  await shown(options, async () => {
    const text = Buffer.from(await vscode.workspace.fs.readFile(file)).toString("utf8");
    const { turns, title } = parseConversation(text);
    await options.library.add(turns, title);
    await showChat();
  });
}

function formats(): FormatItem[] {
  return [
    {
      label: "$(markdown) Markdown",
      description: vscode.l10n.t("to read"),
      extension: "md",
      thoughts: false,
    },
    {
      label: vscode.l10n.t("$(markdown) Markdown with thoughts"),
      description: vscode.l10n.t("to read, with what the model thought before it replied"),
      extension: "md",
      thoughts: true,
    },
    {
      label: "$(json) JSON",
      description: vscode.l10n.t("everything, to be imported again"),
      extension: "json",
      thoughts: true,
    },
  ];
}

async function offerToOpen(file: vscode.Uri): Promise<void> {
  const open = vscode.l10n.t("Open the file");
  const name = file.path.slice(file.path.lastIndexOf("/") + 1);
  const answer = await vscode.window.showInformationMessage(vscode.l10n.t("Exported to {0}.", name), open);
  if (answer === open) await vscode.window.showTextDocument(file);
}
