import * as vscode from "vscode";
import {
  deleteAllData,
  deleteConversation,
  presentConversation,
  renameConversation,
  type ConversationCommandsOptions,
} from "./conversationCommands.ts";
import type { ConversationKeeper } from "./conversationKeeper.ts";
import { ConversationLibrary } from "./conversationLibrary.ts";
import { ConversationPicker } from "./conversationPicker.ts";
import { ConversationSearch } from "./conversationSearch.ts";
import { exportConversation, importConversation } from "./conversationTransfer.ts";
import { formatMegabytes } from "./formatMegabytes.ts";

export interface ConversationHandlersOptions {
  readonly keeper: ConversationKeeper;
  readonly describe: (error: unknown) => string;
  /** Begins a new conversation without asking; the engine lets go of the present one. */
  readonly startNew: () => Promise<void>;
  /** Begins a new conversation as the user's button does. */
  readonly newConversation: () => Promise<void>;
  readonly isEmpty: () => boolean;
  readonly showChat: () => Thenable<unknown>;
  /** Bytes. */
  readonly limitBytes: () => number;
  /** The extension's storage folder for all workspaces. */
  readonly globalFolder: string;
}

/** The commands that are about conversations as wholes. */
export function conversationHandlers(options: ConversationHandlersOptions) {
  const { keeper, limitBytes, newConversation, showChat } = options;
  const library = new ConversationLibrary(options);
  const common: ConversationCommandsOptions = { library, describe: options.describe };
  const picker = new ConversationPicker({
    ...common,
    search: new ConversationSearch((id) => library.read(id)),
    diskUse: async () => {
      const { language } = vscode.env;
      const { bytes } = await keeper.diskUse();
      const [used, limit] = [formatMegabytes(bytes, language), formatMegabytes(limitBytes(), language)];
      return vscode.l10n.t("{0} of {1} MB used on this machine", used, limit);
    },
    newConversation,
    importConversation: () => importConversation(common, showChat),
    exportConversation: (conversation) => exportConversation(common, conversation),
    showChat,
  });
  return {
    "daylong.openConversation": () => picker.show(),
    "daylong.renameConversation": async () => renameConversation(common, await presentConversation(common)),
    "daylong.deleteConversation": async () => deleteConversation(common, await presentConversation(common)),
    "daylong.exportConversation": async () => exportConversation(common, await presentConversation(common)),
    "daylong.importConversation": () => importConversation(common, showChat),
    "daylong.deleteAllData": () => deleteAllData(options),
  };
}
