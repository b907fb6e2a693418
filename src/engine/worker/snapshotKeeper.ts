import type { StreamingConversation } from "../../conversation/streamingConversation.ts";
import type { LlamaTokenSequence } from "./llamaTokenSequence.ts";
import type { RestoredFrom } from "../engine.ts";
import type { SnapshotFiles, SnapshotKey } from "./snapshotFiles.ts";
import type { SnapshotLock } from "./snapshotLock.ts";

/** Milliseconds without an operation before an idle snapshot. */
const idleDelay = 20_000;
/** Milliseconds between two idle snapshots. */
const leastPeriod = 600_000;
/** Bytes of cells written on one day at most: solid-state disks wear. The last snapshot, at disconnect, is always written. */
const dailyBudget = 16 * 1024 ** 3;
/** Milliseconds that the last snapshot may take once the host is gone. */
const lastSnapshotLimit = 30_000;

/** Writes the snapshots of one conversation, and reads the last one back. */
export class SnapshotKeeper {
  private dirty = false;
  private timer: NodeJS.Timeout | undefined;
  private lastSaved = 0;
  private saving: Promise<void> | undefined;

  constructor(
    private readonly files: SnapshotFiles,
    private readonly lock: SnapshotLock,
    private readonly key: SnapshotKey,
    private readonly sequence: LlamaTokenSequence,
    private readonly conversation: StreamingConversation,
    private readonly log: (line: string) => void,
  ) {}

  /** Brings cells and books back. Whatever does not fit is left alone, and said. */
  async load(): Promise<RestoredFrom> {
    const reading = await this.files.read(this.key);
    if (!reading.found) return reading.reason;
    try {
      await this.sequence.loadState(reading.cellsPath);
      const expected = reading.state.segments.flatMap((segment) => segment.tokens);
      if (JSON.stringify(expected) !== JSON.stringify(this.sequence.tokens)) throw new Error("cells and books differ");
      this.conversation.adopt(reading.state);
      return "snapshot";
    } catch (error) {
      this.log(`the snapshot could not be used: ${String(error)}`);
      await this.sequence.clear();
      return "damaged";
    }
  }

  /** Something has changed: a snapshot is due once nothing has happened for a while. */
  touch(): void {
    this.dirty = true;
    clearTimeout(this.timer);
    const wait = Math.max(idleDelay, this.lastSaved + leastPeriod - Date.now());
    this.timer = setTimeout(() => void this.saveIdle(), wait);
    this.timer.unref();
  }

  /** The host is gone: writes a last snapshot if anything has changed, and lets go of the lock. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    let limit: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      limit = setTimeout(resolve, lastSnapshotLimit);
    });
    await Promise.race([this.save(), over]);
    clearTimeout(limit);
    await this.lock.release();
  }

  private async saveIdle(): Promise<void> {
    const day = new Date().toISOString().slice(0, 10);
    if ((await this.files.bytesOn(day)) >= dailyBudget) {
      this.log("no idle snapshot: the daily budget of bytes is spent");
      return;
    }
    await this.save();
  }

  private async save(): Promise<void> {
    if (!this.dirty) return;
    this.saving ??= this.write().finally(() => (this.saving = undefined));
    await this.saving;
  }

  private async write(): Promise<void> {
    try {
      const day = new Date().toISOString().slice(0, 10);
      const bytes = await this.conversation.settle((state) => {
        this.dirty = false;
        return this.files.write(this.key, state, day, (path) => this.sequence.saveState(path));
      });
      if (bytes === undefined) return;
      this.lastSaved = Date.now();
      clearTimeout(this.timer);
      this.log(`snapshot: ${bytes} bytes`);
    } catch (error) {
      this.dirty = true;
      this.log(`no snapshot: ${String(error)}`);
    }
  }
}
