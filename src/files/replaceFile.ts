import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

/** Antivirus programs hold a new file for a moment on Windows: a rename is tried this often. */
const renameTries = 20;
/** Milliseconds between two tries. */
const renamePause = 100;
/** Characters that are gathered for one write. */
const pieceLength = 256 * 1024;

/**
 * Puts new content in the place of a file in one step: a reader sees the old or the new, whatever dies in between.
 * For the owner's eyes only (0600).
 *
 * @param move for tests of a file system that refuses
 * @throws what the file system says, with the old file as it was
 */
export async function replaceFile(path: string, pieces: Iterable<string>, move = rename): Promise<number> {
  const temporary = `${path}.${randomUUID().slice(0, 8)}.new`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    const bytes = await writeWhole(temporary, pieces);
    await movePatiently(() => move(temporary, path));
    await syncFolder(dirname(path));
    return bytes;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

async function writeWhole(path: string, pieces: Iterable<string>): Promise<number> {
  const file = await open(path, "wx", 0o600);
  try {
    let bytes = 0;
    let gathered = "";
    for (const piece of pieces) {
      gathered += piece;
      if (gathered.length < pieceLength) continue;
      bytes += await write(file, gathered);
      gathered = "";
    }
    bytes += await write(file, gathered);
    await file.sync();
    return bytes;
  } finally {
    await file.close();
  }
}

async function write(file: FileHandle, text: string): Promise<number> {
  const data = Buffer.from(text, "utf8");
  await file.writeFile(data);
  return data.length;
}

async function movePatiently(move: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await move();
      return;
    } catch (error) {
      const code = errorCode(error);
      if (attempt >= renameTries || (code !== "EPERM" && code !== "EBUSY" && code !== "EACCES")) throw error;
      await new Promise((resolve) => setTimeout(resolve, renamePause));
    }
  }
}

/** A rename outlives a loss of power only when the folder is written too; Windows neither needs nor allows this. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  try {
    const handle = await open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // Some file systems cannot: the content itself is safe.
  }
}

/** The system's name of an error, such as `ENOSPC`; empty if it has none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
