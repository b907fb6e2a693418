import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import { formatMegabytes } from "./formatMegabytes.ts";
import type { ConversationKeeper, KeeperNotice } from "./conversationKeeper.ts";

export interface ConversationCommandsOptions {
  readonly keeper: ConversationKeeper;
  /** Begins a new conversation without asking; the engine lets go of the present one. */
  readonly startNew: () => Promise<void>;
  readonly limitBytes: () => number;
  /** The extension's storage folder for all workspaces. */
  readonly globalFolder: string;
}

/** Asks before the present conversation is put away. */
export async function confirmNewConversation(): Promise<boolean> {
  const start = vscode.l10n.t("Start a new one");
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t("Start a new conversation?"),
    {
      modal: true,
      detail: vscode.l10n.t("The present one is kept in the list of conversations. The model starts without it."),
    },
    start,
  );
  return answer === start;
}

/** Lets the user open one of the workspace's other conversations. */
export async function openConversation({ keeper, limitBytes }: ConversationCommandsOptions): Promise<void> {
  const [others, use] = await Promise.all([keeper.others(), keeper.diskUse()]);
  if (others.length === 0) {
    void vscode.window.showInformationMessage(vscode.l10n.t("There is no earlier conversation in this workspace yet."));
    return;
  }
  const { language } = vscode.env;
  const items = others.map(({ id, title, usedAt, isOpen }) => ({
    id,
    label: title === "" ? vscode.l10n.t("(without a message)") : title,
    description: new Date(usedAt).toLocaleString(language),
    ...(isOpen ? { detail: vscode.l10n.t("Open in another window") } : {}),
  }));
  const [used, limit] = [formatMegabytes(use.bytes, language), formatMegabytes(limitBytes(), language)];
  const chosen = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t("Earlier conversations: {0} of {1} MB used on this machine", used, limit),
    matchOnDescription: true,
  });
  if (chosen !== undefined) await keeper.switchTo(chosen.id);
}

/** Deletes everything that is kept on this machine, after asking. */
export async function deleteAllData(options: ConversationCommandsOptions): Promise<void> {
  const { keeper, startNew, globalFolder } = options;
  const use = await keeper.diskUse();
  const everything = vscode.l10n.t("Delete everything");
  const size = formatMegabytes(use.bytes, vscode.env.language);
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t("Delete all conversations of all workspaces on this machine?"),
    {
      modal: true,
      detail: vscode.l10n.t(
        "{0} conversations, {1} MB. This cannot be undone. Models and settings stay.",
        use.conversations,
        size,
      ),
    },
    everything,
  );
  if (answer !== everything) return;
  await startNew();
  const { conversations, kept } = await keeper.deleteOthers();
  for (const name of await readdir(globalFolder).catch(() => [])) {
    if (name.startsWith("selftest-")) await rm(join(globalFolder, name), { force: true });
  }
  void vscode.window.showInformationMessage(
    kept === 0
      ? vscode.l10n.t("{0} conversations were deleted.", conversations)
      : vscode.l10n.t(
          "{0} conversations were deleted. {1} stay: they are open in other windows. Close those and delete again.",
          conversations,
          kept,
        ),
  );
}

/** Says in words what the user has to know about the storage. */
export function showKeeperNotice(notice: KeeperNotice): void {
  const [severity, text] = noticeText(notice);
  void (severity === "warning" ? vscode.window.showWarningMessage(text) : vscode.window.showInformationMessage(text));
}

function noticeText(notice: KeeperNotice): ["information" | "warning", string] {
  const { language } = vscode.env;
  switch (notice.kind) {
    case "secondWindow":
      return [
        "information",
        vscode.l10n.t("The conversation of this workspace is open in another window, so this window has its own."),
      ];
    case "damaged":
      return [
        "warning",
        vscode.l10n.t(
          "{0} records of the stored conversation were damaged and had to be left out. Everything else is here, and the damaged file was kept beside the new one.",
          notice.records,
        ),
      ];
    case "notSaved":
      return [
        "warning",
        vscode.l10n.t(
          "The conversation cannot be saved at the moment ({0}). You can go on: it is saved as soon as that is possible.",
          notice.reason,
        ),
      ];
    case "savedAgain":
      return ["information", vscode.l10n.t("The conversation is saved again, with everything in it.")];
    case "takenOver":
      return [
        "warning",
        vscode.l10n.t("Another window has taken over this conversation, so this window goes on in a copy of it."),
      ];
    case "openElsewhere":
      return ["information", vscode.l10n.t("This conversation is open in another window. Close it there first.")];
    case "overLimit":
      return [
        "warning",
        vscode.l10n.t(
          "Daylong's conversations take {0} MB, more than the limit of {1} MB in the settings. What could be removed without losing text was removed, and no snapshots are kept for now. Delete conversations, or raise the limit.",
          formatMegabytes(notice.bytes, language),
          formatMegabytes(notice.limitBytes, language),
        ),
      ];
    case "snapshot":
      return notice.state === "damaged"
        ? [
            "information",
            vscode.l10n.t("The snapshot of the model's memory was damaged. The newest turns that fit are read again."),
          ]
        : [
            "information",
            vscode.l10n.t(
              "Another process still holds the snapshot of the model's memory. The newest turns that fit are read again.",
            ),
          ];
  }
}
