import type { StreamingConversation } from "../../conversation/streamingConversation.ts";
import type { LlamaTokenSequence } from "./llamaTokenSequence.ts";
import type { RestoredFrom, SnapshotPolicy } from "../engine.ts";
import type { ProcessLock } from "../../files/processLock.ts";
import type { SnapshotFiles, SnapshotKey } from "./snapshotFiles.ts";

const defaultPolicy: Required<SnapshotPolicy> = {
  idleMs: 20_000,
  periodMs: 600_000,
  // Solid-state disks wear.
  dailyBytes: 16 * 1024 ** 3,
};
/** Milliseconds that the last snapshot may take once the host is gone. */
const lastSnapshotLimit = 30_000;

/** What the keeper needs of the sequence. */
export type KeptCells = Pick<LlamaTokenSequence, "loadState" | "saveState" | "clear" | "tokens">;
/** What the keeper needs of the conversation. */
export type SettledBooks = Pick<StreamingConversation, "settle" | "adopt">;

export interface SnapshotKeeperOptions {
  readonly files: SnapshotFiles;
  /** Held by the process that may write the snapshot. */
  readonly lock: ProcessLock;
  readonly key: SnapshotKey;
  readonly sequence: KeptCells;
  readonly conversation: SettledBooks;
  readonly policy: SnapshotPolicy;
  readonly log: (line: string) => void;
}

/** Writes the snapshots of one conversation, and reads the last one back. */
export class SnapshotKeeper {
  private readonly policy: Required<SnapshotPolicy>;
  private dirty = false;
  /** Somebody else writes this conversation's snapshot. */
  private abandoned = false;
  private timer: NodeJS.Timeout | undefined;
  private lastSaved = 0;
  private saving: Promise<void> | undefined;

  constructor(private readonly options: SnapshotKeeperOptions) {
    this.policy = { ...defaultPolicy, ...options.policy };
  }

  /** Brings cells and books back. Whatever does not fit is left alone, and said. */
  async load(): Promise<RestoredFrom> {
    const reading = await this.options.files.read(this.options.key);
    if (!reading.found) return reading.reason;
    try {
      await this.options.sequence.loadState(reading.cellsPath);
      const expected = reading.state.segments.flatMap((segment) => segment.tokens);
      if (JSON.stringify(expected) !== JSON.stringify(this.options.sequence.tokens))
        throw new Error("cells and books differ");
      this.options.conversation.adopt(reading.state);
      return "snapshot";
    } catch (error) {
      this.options.log(`the snapshot could not be used: ${String(error)}`);
      await this.options.sequence.clear();
      return "damaged";
    }
  }

  /** Something has changed: a snapshot is due once nothing has happened for a while. */
  touch(): void {
    this.dirty = true;
    clearTimeout(this.timer);
    const wait = Math.max(this.policy.idleMs, this.lastSaved + this.policy.periodMs - Date.now());
    this.timer = setTimeout(() => void this.saveIdle(), wait);
    this.timer.unref();
  }

  /** Another process has taken the conversation over: nothing is written here any more. */
  abandon(): void {
    this.abandoned = true;
    clearTimeout(this.timer);
  }

  /** The conversation is left, or the host is gone: writes a last snapshot if anything has changed, and lets go of the lock. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    let limit: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      limit = setTimeout(resolve, lastSnapshotLimit);
    });
    await Promise.race([this.save(), over]);
    clearTimeout(limit);
    await this.options.lock.release();
  }

  private async saveIdle(): Promise<void> {
    const day = new Date().toISOString().slice(0, 10);
    if ((await this.options.files.bytesOn(day)) >= this.policy.dailyBytes) {
      this.options.log("no idle snapshot: the daily budget of bytes is spent");
      return;
    }
    await this.save();
  }

  private async save(): Promise<void> {
    if (!this.dirty || this.abandoned) return;
    this.saving ??= this.write().finally(() => (this.saving = undefined));
    await this.saving;
  }

  private async write(): Promise<void> {
    try {
      const day = new Date().toISOString().slice(0, 10);
      const bytes = await this.options.conversation.settle((state) => {
        this.dirty = false;
        return this.options.files.write(this.options.key, state, day, (path) => this.options.sequence.saveState(path));
      });
      if (bytes === undefined) return;
      this.lastSaved = Date.now();
      clearTimeout(this.timer);
      this.options.log(`snapshot: ${bytes} bytes`);
    } catch (error) {
      this.dirty = true;
      this.options.log(`no snapshot: ${String(error)}`);
    }
  }
}
