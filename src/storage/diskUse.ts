import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { ProcessLock } from "../files/processLock.ts";
import { conversationIds, conversationsFolderIn } from "./conversationStore.ts";
import { deletedFolderIn } from "./deletedConversations.ts";
import { conversationFiles } from "./storedConversation.ts";
import { isUsageFile } from "./usageLog.ts";

interface ConversationUse {
  readonly folder: string;
  /** Bytes of everything. */
  readonly bytes: number;
  /** Bytes of the engine's snapshot. */
  readonly snapshotBytes: number;
  /** Milliseconds since the epoch: the journal's last change. */
  readonly usedAt: number;
}

export interface DiskUse {
  readonly bytes: number;
  readonly snapshotBytes: number;
  readonly conversations: number;
}

export interface Trimming extends DiskUse {
  readonly removedBytes: number;
  /** Still above the limit: what is left is text, which is never removed unasked, and snapshots in use. */
  readonly isOver: boolean;
}

export interface Deletion {
  readonly conversations: number;
  /** Conversations that other windows have open; they stay. */
  readonly kept: number;
}

/** What the conversations in these storage folders take. */
export async function measureDiskUse(folders: readonly string[]): Promise<DiskUse> {
  return summed(await measureAll(folders));
}

/**
 * Removes snapshots until the limit is kept, those of the longest unused conversations first, the present one's last.
 * Text is never removed, and nothing of a conversation that another window has open. A limit of 0 removes every snapshot.
 *
 * @param present folder of the conversation that this window has open
 */
export async function trimDiskUse(folders: readonly string[], limitBytes: number, present: string): Promise<Trimming> {
  const all = (await measureAll(folders)).sort((one, other) => one.usedAt - other.usedAt);
  const order = [...all.filter(({ folder }) => folder !== present), ...all.filter(({ folder }) => folder === present)];
  let { bytes } = summed(all);
  let removedBytes = 0;
  for (const { folder, snapshotBytes } of order) {
    if (bytes <= limitBytes) break;
    if (snapshotBytes === 0 || (folder !== present && (await isOpen(folder)))) continue;
    await removeSnapshot(folder);
    bytes -= snapshotBytes;
    removedBytes += snapshotBytes;
  }
  const left = summed(all);
  return {
    conversations: left.conversations,
    bytes,
    snapshotBytes: left.snapshotBytes - removedBytes,
    removedBytes,
    isOver: bytes > limitBytes,
  };
}

/**
 * Deletes all conversations but the present one, which has to be a new one, and those that other windows have open; and
 * for good those that were deleted before.
 */
export async function deleteConversations(folders: readonly string[], present: string): Promise<Deletion> {
  let conversations = 0;
  let kept = 0;
  for (const folder of await conversationFolders(folders)) {
    if (folder === present) continue;
    if (await isOpen(folder)) {
      kept += 1;
      continue;
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    conversations += 1;
  }
  for (const folder of folders) {
    await rm(deletedFolderIn(folder), { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    const names = await readdir(folder).catch(() => []);
    for (const name of names.filter(isUsageFile)) await rm(join(folder, name), { force: true });
  }
  return { conversations, kept };
}

function summed(uses: readonly ConversationUse[]): DiskUse {
  return {
    bytes: uses.reduce((sum, use) => sum + use.bytes, 0),
    snapshotBytes: uses.reduce((sum, use) => sum + use.snapshotBytes, 0),
    conversations: uses.length,
  };
}

async function measureAll(folders: readonly string[]): Promise<ConversationUse[]> {
  return Promise.all((await conversationFolders(folders)).map(measure));
}

async function conversationFolders(folders: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const folder of new Set(folders)) {
    const parent = conversationsFolderIn(folder);
    found.push(...(await conversationIds(parent)).map((id) => join(parent, id)));
  }
  return found;
}

async function measure(folder: string): Promise<ConversationUse> {
  let bytes = 0;
  let snapshotBytes = 0;
  let usedAt = 0;
  for (const name of await readdir(folder).catch(() => [])) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found === undefined) continue; // gone since the folder was read
    bytes += found.size;
    if (isSnapshot(name)) snapshotBytes += found.size;
    if (name === conversationFiles.journal) usedAt = found.mtimeMs;
  }
  return { folder, bytes, snapshotBytes, usedAt };
}

async function removeSnapshot(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (isSnapshot(name)) await rm(join(folder, name), { force: true, maxRetries: 10, retryDelay: 100 });
  }
}

/** The engine's own lock is no part of the snapshot. */
function isSnapshot(name: string): boolean {
  return name.startsWith(`${conversationFiles.snapshot}.`) && !name.endsWith(".lock");
}

async function isOpen(folder: string): Promise<boolean> {
  return ProcessLock.isHeld(join(folder, conversationFiles.lock));
}
