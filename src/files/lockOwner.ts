import { readFile, stat } from "node:fs/promises";
import { hostname, uptime } from "node:os";
import * as z from "zod/mini";

/** Milliseconds between two signs of life of a lock's owner. */
export const heartbeatPeriod = 2_000;
/** A lock whose time has not moved for this long has no living owner, whatever its process number says now. */
const silence = 4 * heartbeatPeriod;

const ownerSchema = z.object({
  version: z.literal(1),
  pid: z.int(),
  /** When the process was started, in the words of its system; empty where that is not told. */
  startedAt: z.string(),
  host: z.string(),
  /** Different for every lock that is ever taken. */
  token: z.string(),
});

export type LockOwner = z.infer<typeof ownerSchema>;

/** A lock as it was found. */
export interface FoundLock {
  /** Undefined: nothing that can be read, because it is being written at this moment, or is damaged. */
  readonly owner: LockOwner | undefined;
  /** Milliseconds since the epoch: the owner's last sign of life. */
  readonly seenAt: number;
}

export async function thisProcess(token: string): Promise<LockOwner> {
  return { version: 1, pid: process.pid, startedAt: await startOf(process.pid), host: hostname(), token };
}

/** Undefined: there is no lock. */
export async function findLock(path: string): Promise<FoundLock | undefined> {
  try {
    const { mtimeMs } = await stat(path);
    return { owner: parseOwner(await readFile(path, "utf8")), seenAt: mtimeMs };
  } catch {
    return undefined;
  }
}

/** `unsure`: there has been no sign of life for a while; if none comes, the owner is dead. */
export async function judge(lock: FoundLock, now: number): Promise<"alive" | "unsure" | "dead"> {
  const isFresh = Math.abs(now - lock.seenAt) < silence;
  if (lock.owner === undefined) return isFresh ? "alive" : "dead";
  if (lock.owner.host !== hostname()) return isFresh ? "alive" : "unsure";
  if (!isRunning(lock.owner.pid)) return "dead";
  if (lock.seenAt < now - uptime() * 1000) return "dead"; // the machine has been started since
  const startedAt = await startOf(lock.owner.pid);
  if (startedAt !== "" && lock.owner.startedAt !== "") return startedAt === lock.owner.startedAt ? "alive" : "dead";
  return isFresh ? "alive" : "unsure";
}

/** How long a lock has to be watched without a change before `unsure` means `dead`. Milliseconds. */
export const watchTime = silence;

function parseOwner(text: string): LockOwner | undefined {
  try {
    const parsed = z.safeParse(ownerSchema, JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Process numbers are given out again; number and start together are not. Known on Linux only. */
async function startOf(pid: number): Promise<string> {
  try {
    // "pid (name) state parent …", where the name may hold anything; the start is the 22nd field.
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}
