import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { replaceFile } from "../../files/replaceFile.ts";
import type { ConversationState } from "../../conversation/conversationState.ts";
import type { RestoredFrom } from "../engine.ts";

/** Of the two files together; another one is not read. */
const version = 1;

/** What must be the same for cells to mean the same. */
export interface SnapshotKey {
  /** See modelFingerprint.ts. */
  readonly fingerprint: string;
  readonly engineVersion: string;
  readonly contextSize: number;
  readonly systemPrompt: string;
  readonly template: string;
  /** Types of the cached keys and values, and whatever else changes their bytes. */
  readonly cacheTypes: string;
}

interface SnapshotRecord {
  readonly version: number;
  readonly key: SnapshotKey;
  /** Name of the file with the cells, beside this one. */
  readonly cells: string;
  readonly cellBytes: number;
  readonly cellHash: string;
  /** Bytes of cells written on a day, for the daily budget. */
  readonly day: string;
  readonly dayBytes: number;
  readonly state: ConversationState;
}

export type SnapshotReading =
  | { readonly found: true; readonly cellsPath: string; readonly state: ConversationState }
  | { readonly found: false; readonly reason: Exclude<RestoredFrom, "snapshot"> };

/**
 * The two files of a conversation's snapshot: the books (JSON, with a checksum) name the cells (the engine library's
 * state file) and their hash. New cells are written under a new name, then the books are replaced in one step: whatever
 * dies in between, the old pair stays whole.
 */
export class SnapshotFiles {
  /** @param prefix path without extension, in the conversation's folder */
  constructor(private readonly prefix: string) {}

  async read(key: SnapshotKey): Promise<SnapshotReading> {
    const record = await this.readRecord();
    if (record === undefined) return { found: false, reason: (await this.exists()) ? "damaged" : "none" };
    if (JSON.stringify(record.key) !== JSON.stringify(key)) return { found: false, reason: "other-model" };
    const cellsPath = this.path(record.cells);
    try {
      const { size } = await stat(cellsPath);
      if (size !== record.cellBytes || (await hashFile(cellsPath)) !== record.cellHash) {
        return { found: false, reason: "damaged" };
      }
    } catch {
      return { found: false, reason: "damaged" };
    }
    return { found: true, cellsPath, state: record.state };
  }

  /** Bytes of cells written on this day (an ISO date). */
  async bytesOn(day: string): Promise<number> {
    const record = await this.readRecord();
    return record?.day === day ? record.dayBytes : 0;
  }

  /** @param writeCells writes the cells to the path that it is given */
  async write(
    key: SnapshotKey,
    state: ConversationState,
    day: string,
    writeCells: (path: string) => Promise<void>,
  ): Promise<number> {
    await mkdir(dirname(this.prefix), { recursive: true, mode: 0o700 });
    const spent = await this.bytesOn(day);
    const cells = `${basename(this.prefix)}.${randomUUID()}.cells`;
    const cellsPath = this.path(cells);
    try {
      await writeCells(cellsPath);
      await chmod(cellsPath, 0o600);
      const { size } = await stat(cellsPath);
      const record: SnapshotRecord = {
        version,
        key,
        cells,
        cellBytes: size,
        cellHash: await hashFile(cellsPath),
        day,
        dayBytes: spent + size,
        state,
      };
      const body = JSON.stringify(record);
      const booksPath = `${this.prefix}.json`;
      await replaceFile(booksPath, [hashText(body), "\n", body]);
      await this.removeOthers(cells);
      return size;
    } catch (error) {
      await rm(cellsPath, { force: true });
      throw error;
    }
  }

  private async readRecord(): Promise<SnapshotRecord | undefined> {
    try {
      const text = await readFile(`${this.prefix}.json`, "utf8");
      const end = text.indexOf("\n");
      const body = text.slice(end + 1);
      if (text.slice(0, end) !== hashText(body)) return undefined;
      const record = JSON.parse(body) as SnapshotRecord;
      return record.version === version ? record : undefined;
    } catch {
      return undefined;
    }
  }

  private async exists(): Promise<boolean> {
    return stat(`${this.prefix}.json`).then(
      () => true,
      () => false,
    );
  }

  private async removeOthers(cells: string): Promise<void> {
    const own = `${basename(this.prefix)}.`;
    for (const name of await readdir(dirname(this.prefix))) {
      if (name.startsWith(own) && name.endsWith(".cells") && name !== cells) await rm(this.path(name), { force: true });
    }
  }

  private path(name: string): string {
    return join(dirname(this.prefix), basename(name));
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

function hashText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
