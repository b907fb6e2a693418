import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import { formatMegabytes } from "./formatMegabytes.ts";
import type { NewConversationChoice } from "./chatHost.ts";
import type { ConversationKeeper, KeeperNotice } from "./conversationKeeper.ts";
import type { ConversationLibrary, ListedConversation } from "./conversationLibrary.ts";

export interface ConversationCommandsOptions {
  readonly library: ConversationLibrary;
  readonly describe: (error: unknown) => string;
}

/** Asks before another conversation takes the place of the present one; with pinned turns, whether they come along. */
export async function confirmNewConversation(pinnedTurns: number): Promise<NewConversationChoice> {
  const start = vscode.l10n.t("Start a new one");
  const keep =
    pinnedTurns === 1 ? vscode.l10n.t("Take the pinned turn along") : vscode.l10n.t("Take the pinned turns along");
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t("Start a new conversation?"),
    {
      modal: true,
      detail: vscode.l10n.t("The present one is kept in the list of conversations. The model starts without it."),
    },
    ...(pinnedTurns > 0 ? [start, keep] : [start]),
  );
  return answer === start ? "new" : answer === keep ? "keepPins" : "cancel";
}

/** The present conversation, unless there is nothing in it yet, which is said. */
export async function presentConversation({
  library,
}: ConversationCommandsOptions): Promise<ListedConversation | undefined> {
  const present = await library.present();
  if (present === undefined) {
    void vscode.window.showInformationMessage(vscode.l10n.t("There is no message in this conversation yet."));
  }
  return present;
}

/** Asks for a name. Whether it was given. */
export async function renameConversation(
  options: ConversationCommandsOptions,
  conversation: ListedConversation | undefined,
): Promise<boolean> {
  if (conversation === undefined) return false;
  const title = await vscode.window.showInputBox({
    title: vscode.l10n.t("Rename the conversation"),
    prompt: vscode.l10n.t("Leave it empty to name it after its first message."),
    value: conversation.title,
  });
  if (title === undefined) return false;
  await shown(options, () => options.library.rename(conversation.id, title));
  return true;
}

/** Deletes a conversation at once, and offers to take that back. Resolves when it is out of the list. */
export async function deleteConversation(
  options: ConversationCommandsOptions,
  conversation: ListedConversation | undefined,
): Promise<void> {
  if (conversation === undefined) return;
  const deletion = await shown(options, () => options.library.delete(conversation.id));
  if (deletion === undefined) return;
  const undo = vscode.l10n.t("Undo");
  const said = vscode.window.showInformationMessage(
    vscode.l10n.t("“{0}” was deleted.", titleShown(conversation)),
    undo,
  );
  void said.then((answer) => shown(options, () => (answer === undo ? deletion.undo() : deletion.finish())));
}

/** What stands for a conversation in a list. */
export function titleShown({ title }: ListedConversation): string {
  return title === "" ? vscode.l10n.t("(without a message)") : title;
}

/** Does it; what goes wrong is said in words. Undefined: it went wrong. */
export async function shown<T>(
  { describe }: ConversationCommandsOptions,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    void vscode.window.showErrorMessage(describe(error));
    return undefined;
  }
}

export interface DeleteAllOptions {
  readonly keeper: ConversationKeeper;
  /** Begins a new conversation without asking; the engine lets go of the present one. */
  readonly startNew: () => Promise<void>;
  /** The extension's storage folder for all workspaces. */
  readonly globalFolder: string;
}

/** Deletes everything that is kept on this machine, after asking. */
export async function deleteAllData({ keeper, startNew, globalFolder }: DeleteAllOptions): Promise<void> {
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
    if (name.startsWith("selftest-") || name === "measurements") {
      await rm(join(globalFolder, name), { recursive: true, force: true });
    }
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
    case "unreadable":
      return [
        "warning",
        vscode.l10n.t(
          "A conversation was written by a newer Daylong, or cannot be read. It stays as it is: update Daylong to open it.",
        ),
      ];
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
