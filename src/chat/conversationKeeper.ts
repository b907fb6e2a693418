import { toErrorData } from "../base/errors.ts";
import type { RestoredFrom } from "../engine/engine.ts";
import type { TurnView } from "../messages/chatMessages.ts";
import { ConversationStore } from "../storage/conversationStore.ts";
import {
  deleteConversations,
  measureDiskUse,
  trimDiskUse,
  type Deletion,
  type DiskUse,
  type Trimming,
} from "../storage/diskUse.ts";
import type { TurnSettings } from "../storage/journalRecord.ts";
import { isFinished, type StoredTurn } from "../storage/storedTurn.ts";
import { allStorageFolders, workspaceStorageFolder } from "../storage/storageFolders.ts";
import type { StoredConversation } from "../storage/storedConversation.ts";
import { UsageLog } from "../storage/usageLog.ts";
import type { ConversationKeeping } from "./conversationKeeping.ts";
import type { ChatDelta } from "./viewChannel.ts";
import { storedTurnOf, TurnRecorder, turnViewsOf } from "./turnRecorder.ts";

/** What the user has to know about the storage; put into words by the workbench's side. */
export type KeeperNotice =
  | { readonly kind: "secondWindow" }
  | { readonly kind: "damaged"; readonly records: number }
  | { readonly kind: "notSaved"; readonly reason: string }
  | { readonly kind: "savedAgain" }
  | { readonly kind: "takenOver" }
  | { readonly kind: "openElsewhere" }
  /** A newer Daylong's, or one that cannot be read. */
  | { readonly kind: "unreadable" }
  | { readonly kind: "overLimit"; readonly bytes: number; readonly limitBytes: number }
  | { readonly kind: "snapshot"; readonly state: "damaged" | "in-use" };

/** The part of the controller that the keeper moves. */
export interface KeptTranscript {
  readonly turns: readonly TurnView[];
  /** Ends the running reply, and waits until it has ended; nothing runs when this resolves. */
  stopAndWait(): Promise<void>;
  /** Shows these turns in the place of the present ones, at once. Nothing may be running. */
  showTranscript(turns: readonly TurnView[]): void;
}

export interface ConversationKeeperOptions {
  /** The extension's storage folder for all workspaces. */
  readonly globalFolder: string;
  /** URI of the workspace with its remote authority; empty: none is open. */
  readonly workspace: string;
  /** Bytes that all conversations on this machine may take. */
  readonly limitBytes: () => number;
  readonly turnSettings: () => TurnSettings;
  readonly say: (notice: KeeperNotice) => void;
  readonly log: (line: string) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Milliseconds between two looks at the disk use. */
const boundPeriod = 600_000;
/** Milliseconds that an ending window waits for its reply to stop: the workbench gives it about five seconds in all. */
const stopLimit = 1_500;

const memoryTexts: Readonly<Record<RestoredFrom, string>> = {
  snapshot: "from its snapshot; only newer turns are evaluated",
  none: "there is no snapshot; the newest turns that fit are evaluated",
  "other-model": "its snapshot is of another model or other settings; the newest turns that fit are evaluated",
  damaged: "its snapshot is damaged; the newest turns that fit are evaluated",
  "in-use": "another process has its snapshot; the newest turns that fit are evaluated",
};

/** Keeps the conversation that the window shows on disk, and brings it back. */
export class ConversationKeeper implements ConversationKeeping {
  readonly opened: Promise<void>;
  private resolveOpened: () => void = () => undefined;
  readonly store: ConversationStore;
  readonly usage: UsageLog;
  private readonly now: () => number;
  private conversation: StoredConversation | undefined;
  private recorder: TurnRecorder | undefined;
  private transcript: KeptTranscript | undefined;
  private snapshotsFit = true;
  private boundAt = 0;
  /** One conversation takes the place of another at a time. */
  private changing: Promise<void> = Promise.resolve();

  constructor(private readonly options: ConversationKeeperOptions) {
    this.now = options.now ?? Date.now;
    const folder = workspaceStorageFolder(options.globalFolder, options.workspace);
    this.usage = new UsageLog(folder);
    this.store = new ConversationStore({
      folder,
      workspace: options.workspace,
      now: this.now,
      onDidFail: (error) => this.reportFailure(error),
      onDidLose: () => void this.goOnInCopy(),
    });
    this.opened = new Promise((resolve) => {
      this.resolveOpened = resolve;
    });
  }

  /** The conversation that this window shows; it is in the list as soon as it has a turn. */
  get presentId(): string | undefined {
    return this.conversation?.id;
  }

  get snapshotPath(): string | undefined {
    return this.snapshotsFit ? this.conversation?.snapshotPath : undefined;
  }

  /** Puts the conversation that was open last into the transcript. Never rejects. */
  async open(transcript: KeptTranscript): Promise<void> {
    this.transcript = transcript;
    try {
      const conversation = await this.store.openCurrent();
      this.take(conversation);
      const { damagedLines, missingRecords } = conversation.report;
      if (this.store.isBeside) this.options.say({ kind: "secondWindow" });
      if (this.store.hasLeftAlone) this.options.say({ kind: "unreadable" });
      if (damagedLines + missingRecords > 0) {
        this.options.say({ kind: "damaged", records: Math.max(damagedLines, missingRecords) });
      }
      if (conversation.turns.length > 0) transcript.showTranscript(turnViewsOf(conversation));
      await this.bound(conversation.folder);
    } catch (error) {
      this.reportFailure(error);
    } finally {
      this.resolveOpened();
    }
  }

  record(delta: ChatDelta): void {
    this.recorder?.record(delta);
    if (delta.type === "turnChanged" && delta.change.status === "done" && this.now() > this.boundAt + boundPeriod) {
      this.bound("").catch((error: unknown) => this.options.log(`disk use: ${String(error)}`));
    }
  }

  recordTokens(id: string, tokens: readonly number[]): void {
    this.recorder?.recordTokens(id, tokens);
  }

  recordMemory(erased: readonly string[], broughtBack: readonly string[]): void {
    this.recorder?.recordMemory(erased, broughtBack);
  }

  replyTokens(id: string): readonly number[] | undefined {
    return this.conversation?.replyTokens(id);
  }

  modelLoaded(restoredFrom: RestoredFrom): void {
    this.options.log(`the model's memory: ${memoryTexts[restoredFrom]}`);
    if (restoredFrom === "damaged" || restoredFrom === "in-use")
      this.options.say({ kind: "snapshot", state: restoredFrom });
  }

  startNew(show: () => void): Promise<void> {
    return this.change(async () => {
      const next = await this.store.openNew().catch((error: unknown) => {
        this.reportFailure(error);
        return undefined;
      });
      await this.replace(next, show);
    });
  }

  /** Shows another conversation in the place of the present one. */
  switchTo(id: string): Promise<void> {
    return this.change(async () => {
      if (id === this.conversation?.id) return;
      const next = await this.store.open(id);
      if (next === undefined) {
        this.options.say({ kind: (await this.store.isOpen(id)) ? "openElsewhere" : "unreadable" });
      } else await this.replace(next, () => this.transcript?.showTranscript(turnViewsOf(next)));
    });
  }

  /** Shows a new conversation that begins with these turns. `title`: empty: the first message names it. */
  openWith(turns: readonly StoredTurn[], title: string): Promise<void> {
    return this.change(async () => {
      const next = await this.store.openNew();
      for (const turn of turns) next.append({ kind: "turn", turn });
      await next.flush();
      if (title !== "") await this.store.rename(next.id, title);
      await this.replace(next, () => this.transcript?.showTranscript(turnViewsOf(next)));
    });
  }

  async diskUse(): Promise<DiskUse> {
    return measureDiskUse(await this.allFolders());
  }

  /** Deletes every conversation on this machine but those that other windows have open. The present one has to be new. */
  async deleteOthers(): Promise<Deletion> {
    await this.opened;
    return deleteConversations(await this.allFolders(), this.conversation?.folder ?? "");
  }

  /** Resolves when everything so far is on disk, or the disk has refused it. */
  async flush(): Promise<void> {
    this.recorder?.flush();
    await this.conversation?.flush();
  }

  /** Before the window goes: the reply is stopped and kept as far as it came, and everything is on disk. */
  async close(): Promise<void> {
    const { transcript, conversation, recorder } = this;
    // First what can be lost: some workbenches end the process before they have waited for the rest.
    if (recorder !== undefined) recorder.isClosing = true;
    recorder?.flush();
    const running = transcript?.turns.at(-1);
    if (running !== undefined && !isFinished(running.status)) {
      await Promise.race([transcript?.stopAndWait(), new Promise((resolve) => setTimeout(resolve, stopLimit))]);
    }
    recorder?.flush();
    this.recorder = undefined;
    await Promise.all([conversation?.close(), this.usage.flush()]);
  }

  private change(work: () => Promise<void>): Promise<void> {
    const done = this.changing.then(() => this.opened).then(work);
    this.changing = done.catch(() => undefined);
    return done;
  }

  /**
   * A reply that runs is stopped first and kept where it belongs. Between that and the new conversation being in its
   * place nothing else happens, so nothing of one conversation is ever recorded in another.
   */
  private async replace(next: StoredConversation | undefined, show: () => void): Promise<void> {
    const before = this.conversation;
    await this.transcript?.stopAndWait();
    if (next !== undefined) this.take(next);
    show();
    if (next !== undefined) await before?.close();
  }

  private take(conversation: StoredConversation): void {
    this.recorder?.flush();
    this.conversation = conversation;
    this.recorder = new TurnRecorder(conversation, this.options.turnSettings);
  }

  /** Another process writes our conversation: what is said here goes on under a name of its own. */
  private async goOnInCopy(): Promise<void> {
    this.options.say({ kind: "takenOver" });
    try {
      const copy = await this.store.openNew();
      for (const turn of this.transcript?.turns ?? []) copy.append({ kind: "turn", turn: storedTurnOf(turn) });
      const before = this.conversation;
      this.take(copy);
      await before?.close();
    } catch (error) {
      this.reportFailure(error);
    }
  }

  private async bound(present: string): Promise<void> {
    this.boundAt = this.now();
    const limitBytes = this.options.limitBytes();
    const trimming: Trimming = await trimDiskUse(await this.allFolders(), limitBytes, present);
    const { bytes, conversations, removedBytes, isOver } = trimming;
    this.options.log(
      `storage: ${conversations} conversations, ${bytes} of ${limitBytes} bytes, ${removedBytes} bytes of snapshots removed`,
    );
    if (limitBytes === 0) this.snapshotsFit = false;
    else if (isOver && this.snapshotsFit) {
      this.snapshotsFit = false;
      this.options.say({ kind: "overLimit", bytes, limitBytes });
    }
  }

  private allFolders(): Promise<string[]> {
    return allStorageFolders(this.options.globalFolder);
  }

  private reportFailure(error: unknown): void {
    if (error === undefined) {
      this.options.say({ kind: "savedAgain" });
      return;
    }
    const reason = error instanceof Error ? error.message : toErrorData(error).message;
    this.options.log(`storage: ${reason}`);
    this.options.say({ kind: "notSaved", reason });
  }
}
