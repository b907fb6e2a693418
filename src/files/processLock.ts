import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rm, stat, utimes } from "node:fs/promises";
import { dirname } from "node:path";
import { findLock, heartbeatPeriod, judge, thisProcess, watchTime, type FoundLock } from "./lockOwner.ts";
import { errorCode } from "./replaceFile.ts";

/** Milliseconds between two looks at a lock that somebody holds. */
const pollPeriod = 100;
/** A takeover that has not ended after this many milliseconds was left by a dead process. */
const takeoverLimit = 10_000;

export interface LockOptions {
  /** Milliseconds to wait for a living owner: a reloaded window waits for its old self. */
  readonly wait: number;
  /** Somebody else has taken the lock over although we live: nothing may be written any more. Told once. */
  readonly onDidLose: () => void;
}

/** The right to write something on disk: one process has it at a time. */
export class ProcessLock {
  private readonly timer: NodeJS.Timeout;
  private released = false;
  private beating: Promise<void> = Promise.resolve();

  private constructor(
    private readonly path: string,
    private readonly token: string,
    private readonly onDidLose: () => void,
  ) {
    this.timer = setInterval(() => {
      this.beating = this.beat();
    }, heartbeatPeriod);
    this.timer.unref();
  }

  /**
   * Undefined: a living process holds it. A lock that a dead one left is taken over.
   * @throws what the file system says if no lock can be written there
   */
  static async take(path: string, options: LockOptions): Promise<ProcessLock | undefined> {
    const token = randomUUID();
    const begun = Date.now();
    let watched: FoundLock | undefined;
    let watchedSince = begun;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    for (;;) {
      if (await create(path, token)) return new ProcessLock(path, token, options.onDidLose);
      const found = await findLock(path);
      if (found !== undefined) {
        if (watched?.seenAt !== found.seenAt || watched.owner?.token !== found.owner?.token) {
          watched = found;
          watchedSince = Date.now();
        }
        const verdict = await judge(found, Date.now());
        const silent = Date.now() - watchedSince > watchTime;
        if (verdict === "dead" || (verdict === "unsure" && silent)) await takeOver(path, found);
        // A reused process number cannot be told from its old owner at once, but it does not touch the lock.
        else if (verdict === "alive" && Date.now() - begun >= options.wait) return undefined;
      }
      await new Promise((resolve) => setTimeout(resolve, pollPeriod * (0.5 + Math.random())));
    }
  }

  /** Whether a living process holds the lock (this one too). */
  static async isHeld(path: string): Promise<boolean> {
    const found = await findLock(path);
    return found !== undefined && (await judge(found, Date.now())) !== "dead";
  }

  async release(): Promise<void> {
    if (this.released) return;
    this.stop();
    // It may be putting the lock back at this moment: that would stay for ever.
    await this.beating;
    if (await this.isOurs()) await rm(this.path, { force: true }).catch(() => undefined);
  }

  private stop(): void {
    this.released = true;
    clearInterval(this.timer);
  }

  private async beat(): Promise<void> {
    const ours = await this.isOurs();
    if (this.released) return;
    // A lock that is only gone (somebody has tidied up) is put back.
    if (!ours && !(await create(this.path, this.token).catch(() => false))) {
      this.stop();
      this.onDidLose();
      return;
    }
    const now = new Date();
    await utimes(this.path, now, now).catch(() => undefined);
  }

  private async isOurs(): Promise<boolean> {
    try {
      return (await readFile(this.path, "utf8")).includes(this.token);
    } catch (error) {
      // A file that cannot be read for a moment is not a file that somebody else has written.
      return errorCode(error) !== "ENOENT";
    }
  }
}

async function create(path: string, token: string): Promise<boolean> {
  const owner = await thisProcess(token);
  try {
    const file = await open(path, "wx", 0o600);
    try {
      await file.writeFile(JSON.stringify(owner));
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    // On Windows, a file that is being deleted answers EPERM or EBUSY.
    const code = errorCode(error);
    if (code === "EEXIST" || code === "EBUSY") return false;
    if (code === "EPERM" && process.platform === "win32") return false;
    throw error;
  }
}

/**
 * Removes a lock that a dead process left. Of several that try, one at a time may, and only if the lock is still the one
 * that was judged: a lock taken meanwhile stays.
 */
async function takeOver(path: string, dead: FoundLock): Promise<void> {
  const guard = `${path}.takeover`;
  try {
    await (await open(guard, "wx", 0o600)).close();
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    const begun = await stat(guard).catch(() => undefined);
    if (begun !== undefined && Date.now() - begun.mtimeMs > takeoverLimit) await rm(guard, { force: true });
    return;
  }
  try {
    const now = await findLock(path);
    if (now?.owner?.token === dead.owner?.token && now?.seenAt === dead.seenAt) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}
