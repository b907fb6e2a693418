import { mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** How long a reloaded window waits for its own old engine, which may still be writing its last snapshot. Milliseconds. */
const patience = 35_000;
const pollPeriod = 100;

/** Held by the engine process that may write a conversation's snapshot. A lock left by a dead process is taken over. */
export class SnapshotLock {
  private constructor(private readonly path: string) {}

  /** Undefined: another live process holds it, and did not let go in time. */
  static async take(prefix: string, wait = patience): Promise<SnapshotLock | undefined> {
    const path = `${prefix}.lock`;
    await mkdir(dirname(path), { recursive: true });
    for (let waited = 0; ; waited += pollPeriod) {
      if (await SnapshotLock.create(path)) return new SnapshotLock(path);
      const owner = Number(await readFile(path, "utf8").catch(() => ""));
      if (!isAlive(owner)) await rm(path, { force: true });
      else if (waited >= wait) return undefined;
      else await new Promise((resolve) => setTimeout(resolve, pollPeriod));
    }
  }

  async release(): Promise<void> {
    await rm(this.path, { force: true });
  }

  private static async create(path: string): Promise<boolean> {
    try {
      const file = await open(path, "wx", 0o600);
      await file.writeFile(String(process.pid));
      await file.close();
      return true;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
      throw error;
    }
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
