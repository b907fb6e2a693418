import { appendFile, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";

const count = z.int().check(z.nonnegative());

const entrySchema = z.object({
  /** Tokens that the model has read or written. */
  tokens: count,
  /** Those of them that it had read before, in an engine that is gone. */
  restored: count,
  /** Times that the oldest turns were forgotten. */
  shifts: count,
  /** Tokens that were computed a second time, by the reason. */
  reprocessed: z.record(z.string(), count),
});

/** What was used in a stretch of time. */
export type UsageEntry = Readonly<z.infer<typeof entrySchema>>;

/** Milliseconds in which usage is gathered for one line. */
const gatherMs = 2_000;

/**
 * What the conversations of a workspace used on a day: a file for each day of the local calendar, with a line for each
 * stretch of work. Lines are only appended, so that windows on the same workspace do not get into each other's way.
 * A file that cannot be written costs the count of the day, and nothing else.
 */
export class UsageLog {
  private waiting: { readonly day: string; entry: UsageEntry } | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private writing: Promise<void> = Promise.resolve();

  /** `folder`: see storageFolders.ts. */
  constructor(private readonly folder: string) {}

  /** The sum of a day, and the end of all other days' files. `day`: see {@link localDay}. Never rejects. */
  async read(day: string): Promise<UsageEntry> {
    for (const name of await readdir(this.folder).catch(() => [])) {
      if (isUsageFile(name) && name !== fileName(day)) await rm(join(this.folder, name), { force: true }).catch(ignore);
    }
    const text = await readFile(join(this.folder, fileName(day)), "utf8").catch(() => "");
    return text.split("\n").map(parseEntry).reduce(addUsage, noUsage);
  }

  add(day: string, entry: UsageEntry): void {
    if (this.waiting !== undefined && this.waiting.day !== day) void this.flush();
    this.waiting = { day, entry: addUsage(this.waiting?.entry ?? noUsage, entry) };
    this.timer ??= setTimeout(() => void this.flush(), gatherMs);
  }

  /** Resolves when all that was added is written, or could not be. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting !== undefined) {
      this.writing = this.writing
        .then(() => mkdir(this.folder, { recursive: true, mode: 0o700 }))
        .then(() =>
          appendFile(join(this.folder, fileName(waiting.day)), `${JSON.stringify(waiting.entry)}\n`, { mode: 0o600 }),
        )
        .catch(ignore);
    }
    return this.writing;
  }
}

export const noUsage: UsageEntry = { tokens: 0, restored: 0, shifts: 0, reprocessed: {} };

export function addUsage(one: UsageEntry, other: UsageEntry): UsageEntry {
  const reasons = new Set([...Object.keys(one.reprocessed), ...Object.keys(other.reprocessed)]);
  const sum = (reason: string): number => (one.reprocessed[reason] ?? 0) + (other.reprocessed[reason] ?? 0);
  return {
    tokens: one.tokens + other.tokens,
    restored: one.restored + other.restored,
    shifts: one.shifts + other.shifts,
    reprocessed: Object.fromEntries([...reasons].map((reason) => [reason, sum(reason)])),
  };
}

/** The day of the local calendar, as `2026-03-05`. `at`: milliseconds since the epoch. */
export function localDay(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export function isUsageFile(name: string): boolean {
  return /^usage-\d{4}-\d\d-\d\d\.jsonl$/.test(name);
}

function fileName(day: string): string {
  return `usage-${day}.jsonl`;
}

/** A line that was torn off counts for nothing. */
function parseEntry(line: string): UsageEntry {
  try {
    return z.parse(entrySchema, JSON.parse(line));
  } catch {
    return noUsage;
  }
}

function ignore(): void {
  // See the class: a count is not worth a message.
}
