import * as vscode from "vscode";
import {
  deleteConversation,
  renameConversation,
  shown,
  titleShown,
  type ConversationCommandsOptions,
} from "./conversationCommands.ts";
import type { ListedConversation } from "./conversationLibrary.ts";
import type { ConversationSearch, SearchHit } from "./conversationSearch.ts";
import { dayGroupOf, type DayGroup } from "./dayGroups.ts";

export interface ConversationPickerOptions extends ConversationCommandsOptions {
  readonly search: ConversationSearch;
  /** How much of the disk is used, in words. */
  readonly diskUse: () => Promise<string>;
  readonly newConversation: () => Promise<void>;
  readonly importConversation: () => Promise<void>;
  readonly exportConversation: (conversation: ListedConversation) => Promise<void>;
  readonly showChat: () => Thenable<unknown>;
}

interface ConversationItem extends vscode.QuickPickItem {
  readonly conversation?: ListedConversation;
}

/** Milliseconds of rest in typing before the text of all conversations is searched. */
const searchDelayMs = 120;

/** The list of conversations: opened, searched through, renamed, exported, deleted. */
export class ConversationPicker {
  private readonly buttons = {
    rename: { iconPath: new vscode.ThemeIcon("edit"), tooltip: vscode.l10n.t("Rename") },
    export: { iconPath: new vscode.ThemeIcon("export"), tooltip: vscode.l10n.t("Export…") },
    delete: { iconPath: new vscode.ThemeIcon("trash"), tooltip: vscode.l10n.t("Delete") },
    add: { iconPath: new vscode.ThemeIcon("add"), tooltip: vscode.l10n.t("New conversation") },
    import: { iconPath: new vscode.ThemeIcon("folder-opened"), tooltip: vscode.l10n.t("Import…") },
  };

  constructor(private readonly options: ConversationPickerOptions) {}

  /** Resolves when the list is shown. */
  async show(): Promise<void> {
    const pick = vscode.window.createQuickPick<ConversationItem>();
    pick.title = vscode.l10n.t("Conversations");
    pick.placeholder = vscode.l10n.t("Search in all conversations of this workspace");
    pick.buttons = [this.buttons.import, this.buttons.add];
    let list: ListedConversation[] = [];
    let hits: SearchHit[] | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const draw = (): void => {
      const query = pick.value.trim();
      pick.items = query === "" ? this.grouped(list) : this.found(list, query, hits);
    };
    const search = async (): Promise<void> => {
      const query = pick.value.trim();
      if (query === "") return;
      pick.busy = true;
      await this.options.search.update(list);
      if (query !== pick.value.trim()) return;
      hits = this.options.search.search(query);
      pick.busy = false;
      draw();
    };
    const read = async (): Promise<void> => {
      list = await this.options.library.list();
      draw();
    };
    pick.onDidChangeValue(() => {
      hits = undefined;
      draw();
      clearTimeout(timer);
      timer = setTimeout(() => void search(), searchDelayMs);
    });
    pick.onDidTriggerItemButton(async ({ item: { conversation }, button }) => {
      if (conversation === undefined) return;
      if (button === this.buttons.delete) {
        await deleteConversation(this.options, conversation);
        await read();
        await search();
        return;
      }
      pick.hide();
      if (button === this.buttons.export) await this.options.exportConversation(conversation);
      else if (await renameConversation(this.options, conversation)) await this.show();
    });
    pick.onDidTriggerButton((button) => {
      pick.hide();
      void (button === this.buttons.add ? this.options.newConversation() : this.options.importConversation());
    });
    pick.onDidAccept(() => {
      const chosen = pick.selectedItems[0]?.conversation;
      pick.hide();
      if (chosen !== undefined) void this.open(chosen);
    });
    pick.onDidHide(() => {
      clearTimeout(timer);
      pick.dispose();
    });
    pick.busy = true;
    pick.show();
    await read();
    pick.busy = false;
    const use = await this.options.diskUse();
    pick.title = `${vscode.l10n.t("Conversations")} · ${use}`;
  }

  private async open({ id, isPresent }: ListedConversation): Promise<void> {
    if (!isPresent) await shown(this.options, () => this.options.library.open(id));
    await this.options.showChat();
  }

  private grouped(list: readonly ListedConversation[]): ConversationItem[] {
    const now = Date.now();
    const labels: Record<DayGroup, string> = {
      today: vscode.l10n.t("Today"),
      yesterday: vscode.l10n.t("Yesterday"),
      earlier: vscode.l10n.t("Earlier"),
    };
    return Object.entries(labels).flatMap(([group, label]) => {
      const items = list.filter(({ usedAt }) => dayGroupOf(usedAt, now) === group).map((one) => this.item(one));
      return items.length === 0 ? [] : [{ label, kind: vscode.QuickPickItemKind.Separator }, ...items];
    });
  }

  /** Until the search is done, those whose title has the words. */
  private found(list: readonly ListedConversation[], query: string, hits: SearchHit[] | undefined): ConversationItem[] {
    if (hits === undefined) {
      const wanted = query.toLowerCase();
      return list.filter(({ title }) => title.toLowerCase().includes(wanted)).map((one) => this.item(one, ""));
    }
    const items = hits.flatMap(({ id, excerpt }) => {
      const conversation = list.find((one) => one.id === id);
      return conversation === undefined ? [] : [this.item(conversation, excerpt)];
    });
    if (items.length > 0) return items;
    return [{ label: vscode.l10n.t("No conversation has these words."), alwaysShow: true }];
  }

  /** `excerpt`: the place that was found; the workbench's own filter, which knows only titles, is passed over then. */
  private item(conversation: ListedConversation, excerpt?: string): ConversationItem {
    const { usedAt, isPresent, isOpen } = conversation;
    const isToday = dayGroupOf(usedAt, Date.now()) === "today";
    const time = new Date(usedAt).toLocaleString(
      vscode.env.language,
      isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" },
    );
    const place = isPresent ? vscode.l10n.t("open here") : isOpen ? vscode.l10n.t("open in another window") : undefined;
    const { rename, export: exported, delete: deleted } = this.buttons;
    return {
      conversation,
      label: titleShown(conversation),
      description: [time, place].filter((part) => part !== undefined).join(" · "),
      iconPath: new vscode.ThemeIcon(isPresent ? "comment-discussion" : "comment"),
      buttons: [rename, exported, deleted],
      ...(excerpt === undefined ? {} : { alwaysShow: true }),
      ...(excerpt === undefined || excerpt === "" ? {} : { detail: excerpt }),
    };
  }
}
