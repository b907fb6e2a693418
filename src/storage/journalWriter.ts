import { open, type FileHandle } from "node:fs/promises";
import type { JournalContent } from "./journalContent.ts";
import { encodeRecord, type JournalRecord } from "./journalRecord.ts";
import { replaceFile } from "../files/replaceFile.ts";

/** A journal is written anew when it is larger than this, and than {@link growth} times what it says. Bytes. */
const compactAbove = 2 * 1024 * 1024;
const growth = 3;
/** Milliseconds after which a write that failed is tried again: at first, and at most. */
const firstRetry = 1_000;
const lastRetry = 60_000;

export interface JournalWriterOptions {
  readonly path: string;
  /** What the file holds already; followed from here on. */
  readonly content: JournalContent;
  /** The highest number of a record in the file. */
  readonly sequence: number;
  readonly bytes: number;
  /** The file has to be written anew before anything is appended: it is damaged, or its last record is torn. */
  readonly rewrite: boolean;
  /** Told once when writing begins to fail, and once (undefined) when it works again. */
  readonly onDidFail: (error: unknown) => void;
  readonly compactAboveBytes?: number;
}

/**
 * Appends to one conversation's journal. {@link append} returns at once: the writing is done one piece after another,
 * beside the other work of this process. When the disk refuses, the journal is written as a whole once it takes it again.
 */
export class JournalWriter {
  private readonly content: JournalContent;
  private sequence: number;
  private bytes: number;
  private bytesAtCompaction: number;
  private rewriting: boolean;
  private pending: string[] = [];
  private durable = false;
  private running: Promise<void> | undefined;
  private handle: FileHandle | undefined;
  private retry: NodeJS.Timeout | undefined;
  private retryDelay = firstRetry;
  private failing = false;
  private closed = false;

  constructor(private readonly options: JournalWriterOptions) {
    this.content = options.content;
    this.sequence = options.sequence;
    this.bytes = options.bytes;
    this.bytesAtCompaction = 0;
    this.rewriting = options.rewrite;
  }

  /** @param durable the record is to outlive a loss of power too */
  append(record: JournalRecord, durable = false): void {
    if (this.closed) return;
    this.content.apply(record);
    this.durable ||= durable;
    this.sequence += 1;
    // While the disk refuses, everything is in the content, which is written as a whole later.
    if (!this.rewriting || this.running !== undefined) this.pending.push(encodeRecord(this.sequence, record));
    if (!this.failing) void this.drain();
  }

  /** Resolves when all that was appended has reached the disk, or the disk has refused it. */
  async flush(): Promise<void> {
    do await this.drain();
    while (!this.failing && (this.pending.length > 0 || this.running !== undefined));
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.flush();
    clearTimeout(this.retry);
    await this.closeFile();
  }

  private drain(): Promise<void> {
    this.running ??= this.work().finally(() => {
      this.running = undefined;
      // What came in the moment between the last look and this one.
      if (this.pending.length > 0 && !this.failing) void this.drain();
    });
    return this.running;
  }

  private async work(): Promise<void> {
    try {
      while (this.rewriting || this.pending.length > 0) {
        if (this.rewriting) await this.rewrite();
        else await this.writePending();
        if (this.bytes > Math.max(this.options.compactAboveBytes ?? compactAbove, growth * this.bytesAtCompaction)) {
          this.rewriting = true;
        }
      }
      if (this.failing) {
        this.failing = false;
        this.retryDelay = firstRetry;
        this.options.onDidFail(undefined);
      }
    } catch (error) {
      await this.closeFile();
      this.rewriting = true;
      this.pending = [];
      const first = !this.failing;
      this.failing = true;
      clearTimeout(this.retry);
      this.retry = setTimeout(() => void this.drain(), this.retryDelay);
      this.retry.unref();
      this.retryDelay = Math.min(lastRetry, this.retryDelay * 2);
      if (first) this.options.onDidFail(error);
    }
  }

  private async writePending(): Promise<void> {
    const data = Buffer.from(this.pending.join(""), "utf8");
    const { durable } = this;
    this.pending = [];
    this.durable = false;
    this.handle ??= await open(this.options.path, "a", 0o600);
    await this.handle.appendFile(data);
    if (durable) await this.handle.datasync();
    this.bytes += data.length;
  }

  /** The numbers of the new records go on from the old ones, and those appended meanwhile come after them. */
  private async rewrite(): Promise<void> {
    const records = this.content.records();
    const first = this.sequence + 1;
    this.sequence += records.length;
    this.pending = [];
    this.rewriting = false;
    await this.closeFile();
    this.bytes = await replaceFile(this.options.path, encodeAll(first, records));
    this.bytesAtCompaction = this.bytes;
  }

  private async closeFile(): Promise<void> {
    const { handle } = this;
    this.handle = undefined;
    await handle?.close().catch(() => undefined);
  }
}

function* encodeAll(first: number, records: readonly JournalRecord[]): Generator<string> {
  for (const [index, record] of records.entries()) yield encodeRecord(first + index, record);
}
