import { DaylongError } from "../base/errors.ts";
import type { ConversationSummary } from "../storage/conversationStore.ts";
import type { StoredTurn } from "../storage/storedTurn.ts";
import type { ConversationKeeper } from "./conversationKeeper.ts";

export interface ListedConversation extends ConversationSummary {
  /** The one that this window shows. */
  readonly isPresent: boolean;
}

/** A conversation that was deleted a moment ago. */
export interface Deletion {
  /** Puts it back, and shows it again if it was shown and nothing else was begun meanwhile. */
  undo(): Promise<void>;
  /** Erases it for good. */
  finish(): Promise<void>;
}

export interface ConversationLibraryOptions {
  readonly keeper: ConversationKeeper;
  /** Begins a new conversation in this window, without asking. */
  readonly startNew: () => Promise<void>;
  /** Whether the conversation in this window has no turn. */
  readonly isEmpty: () => boolean;
}

/** The conversations of the workspace, for who looks through them: named, read, deleted, brought in from elsewhere. */
export class ConversationLibrary {
  constructor(private readonly options: ConversationLibraryOptions) {}

  /** Newest first; the present one among them as soon as it has a turn. */
  async list(): Promise<ListedConversation[]> {
    const { keeper } = this.options;
    await keeper.opened;
    await keeper.flush();
    const all = await keeper.store.list();
    return all.map((summary) => ({ ...summary, isPresent: summary.id === keeper.presentId }));
  }

  /** The present conversation; undefined before its first turn. */
  async present(): Promise<ListedConversation | undefined> {
    return (await this.list()).find(({ isPresent }) => isPresent);
  }

  /** Shows another conversation in the place of the present one. */
  open(id: string): Promise<void> {
    return this.options.keeper.switchTo(id);
  }

  /** Empty: its first message names it again. @throws what the file system says */
  rename(id: string, title: string): Promise<void> {
    return this.options.keeper.store.rename(id, title);
  }

  /** Oldest first; a reply that runs as far as it has come. @throws DaylongError `conversation-unknown` */
  async read(id: string): Promise<readonly StoredTurn[]> {
    const { keeper } = this.options;
    if (id === keeper.presentId) await keeper.flush();
    return keeper.store.read(id);
  }

  /** @throws DaylongError `conversation-open`: another window has it */
  async delete(id: string): Promise<Deletion> {
    const { keeper, startNew } = this.options;
    const wasPresent = id === keeper.presentId;
    if (wasPresent) await startNew();
    if (await keeper.store.isOpen(id)) {
      throw new DaylongError("conversation-open", "This conversation is open in another window. Close it there first.");
    }
    const { deleted } = keeper.store;
    await deleted.add(id);
    return {
      undo: async () => {
        await deleted.restore(id);
        if (wasPresent && this.options.isEmpty()) await keeper.switchTo(id);
      },
      finish: () => deleted.erase(id),
    };
  }

  /** Keeps turns from elsewhere as a conversation of this workspace, and shows it. */
  add(turns: readonly StoredTurn[], title: string): Promise<void> {
    return this.options.keeper.openWith(turns, title);
  }
}
