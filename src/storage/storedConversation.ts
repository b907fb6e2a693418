import { copyFile, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { ProcessLock } from "../files/processLock.ts";
import { JournalContent } from "./journalContent.ts";
import type { ConversationHeader, JournalRecord } from "./journalRecord.ts";
import { JournalWriter } from "./journalWriter.ts";
import { readJournal, type JournalReport } from "./readJournal.ts";
import { errorCode } from "../files/replaceFile.ts";
import { interruptedTurn, isFinished, type StoredTurn } from "./storedTurn.ts";

/** What lies in a conversation's folder. The engine process names its own files after `snapshot`. */
export const conversationFiles = {
  journal: "journal.jsonl",
  /** The journal as it was found when records in it were damaged. */
  damaged: "journal.damaged.jsonl",
  lock: "host.lock",
  snapshot: "snapshot",
} as const;

const noReport: JournalReport = { damagedLines: 0, torn: false, missingRecords: 0, newer: false };

export interface StoredConversationOptions {
  readonly folder: string;
  /** Of a conversation that is not there yet. */
  readonly header: ConversationHeader;
  /** Milliseconds to wait for another process that has it open. */
  readonly wait: number;
  /** Told once when it cannot be written, and once (undefined) when it can be again. */
  readonly onDidFail: (error: unknown) => void;
  /** Another process has taken the conversation over: nothing is written here any more. */
  readonly onDidLose: () => void;
  /** See `JournalWriterOptions`. */
  readonly compactAboveBytes?: number;
}

/** A conversation on disk that this process has open: the only one that writes it. */
export class StoredConversation {
  private lost = false;

  private constructor(
    readonly folder: string,
    private readonly content: JournalContent,
    readonly report: JournalReport,
    private readonly writer: JournalWriter,
    private readonly lock: ProcessLock | undefined,
    private readonly newHeader: ConversationHeader,
  ) {}

  /**
   * Undefined: another living process has it open, or a newer Daylong has written it. Where nothing can be written, the
   * conversation lives in memory, and `onDidFail` hears of it with the first record.
   */
  static async open(options: StoredConversationOptions): Promise<StoredConversation | undefined> {
    const { folder } = options;
    const path = join(folder, conversationFiles.journal);
    const losing = { told: (): void => undefined };
    let lock: ProcessLock | undefined;
    try {
      lock = await ProcessLock.take(join(folder, conversationFiles.lock), {
        wait: options.wait,
        onDidLose: () => losing.told(),
      });
      if (lock === undefined) return undefined;
    } catch {
      // A folder that cannot be written: what is in it can be read all the same.
    }
    const reading = await readJournal(path).catch((error: unknown) =>
      ["ENOENT", "ENOTDIR"].includes(errorCode(error)) ? undefined : null,
    );
    if (reading === null || reading?.report.newer === true) {
      await lock?.release();
      return undefined;
    }
    const { content = new JournalContent(), report = noReport, sequence = 0, bytes = 0 } = reading ?? {};
    const isDamaged = report.damagedLines > 0 || report.missingRecords > 0;
    if (isDamaged) await copyFile(path, join(folder, conversationFiles.damaged)).catch(() => undefined);
    const writer = new JournalWriter({
      path,
      content,
      sequence,
      bytes,
      rewrite: isDamaged || report.torn,
      onDidFail: options.onDidFail,
      ...(options.compactAboveBytes === undefined ? {} : { compactAboveBytes: options.compactAboveBytes }),
    });
    const conversation = new StoredConversation(folder, content, report, writer, lock, options.header);
    losing.told = () => {
      conversation.lost = true;
      options.onDidLose();
    };
    conversation.markInterrupted();
    return conversation;
  }

  get id(): string {
    return this.header.id;
  }

  get header(): ConversationHeader {
    return this.content.header ?? this.newHeader;
  }

  /** Oldest first. */
  get turns(): readonly StoredTurn[] {
    return this.content.turns;
  }

  find(id: string): StoredTurn | undefined {
    return this.content.find(id);
  }

  /** See {@link JournalContent.replyTokens}. */
  replyTokens(id: string): readonly number[] | undefined {
    return this.content.replyTokens(id);
  }

  /** See {@link JournalContent.isErased}. */
  isErased(id: string): boolean {
    return this.content.isErased(id);
  }

  /** Path without extension for the engine's snapshot. */
  get snapshotPath(): string {
    return join(this.folder, conversationFiles.snapshot);
  }

  /** Settings are kept only where they differ from those before. */
  append(record: JournalRecord): void {
    if (this.lost) return;
    if (record.kind === "settings" && JSON.stringify(record.settings) === JSON.stringify(this.content.lastSettings))
      return;
    if (this.content.header === undefined) this.writer.append(this.newHeader);
    const ends = record.kind === "change" && record.change.status !== undefined && isFinished(record.change.status);
    this.writer.append(record, ends || record.kind === "turn");
  }

  /** Resolves when all that was appended has reached the disk, or the disk has refused it. */
  flush(): Promise<void> {
    return this.lost ? Promise.resolve() : this.writer.flush();
  }

  /** Writes what is left and lets go. A conversation without a word leaves nothing. */
  async close(): Promise<void> {
    if (!this.lost) await this.writer.close();
    await this.lock?.release();
    // Goes only if there is nothing in it.
    if (this.content.header === undefined) await rmdir(this.folder).catch(() => undefined);
  }

  /** A reply that was running when its process went away is shown as what it is, now and the next time. */
  private markInterrupted(): void {
    for (const turn of this.content.turns) {
      if (isFinished(turn.status)) continue;
      if (this.giveReplyBack(turn)) continue;
      const { status, note, error } = interruptedTurn(turn);
      this.writer.append({ kind: "change", id: turn.id, change: { status, note, error } }, true);
    }
  }

  /** Of a reply that was to take the place of another one nothing had come: the other one is there again. */
  private giveReplyBack({ id, pinned }: StoredTurn): boolean {
    const before = this.content.replacedReply(id);
    if (before === undefined) return false;
    if (before.tokens !== undefined) this.writer.append({ kind: "tokens", id, tokens: [...before.tokens] });
    this.writer.append({ kind: "change", id, change: { ...before.turn, pinned } }, true);
    return true;
  }
}
