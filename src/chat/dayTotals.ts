import type { Disposable } from "../base/disposable.ts";
import type { CacheCounters } from "../engine/engine.ts";
import type { ReprocessReason } from "../messages/chatMessages.ts";
import { addUsage, localDay, noUsage, type UsageEntry } from "../storage/usageLog.ts";

/** Keeps what a day has used beyond the life of a window. */
export interface UsageKeeping {
  read(day: string): Promise<UsageEntry>;
  add(day: string, entry: UsageEntry): void;
}

/** What an engine was doing when its counters went up. */
export interface CounterContext {
  readonly reason: ReprocessReason;
  /** The model reads a conversation that an engine before it had read already. */
  readonly restoring: boolean;
}

export interface DayTotalsOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly usage: UsageKeeping | undefined;
  /** The totals have changed without {@link DayTotals.follow}. */
  readonly onDidChange: () => void;
}

type Counted = Pick<CacheCounters, "since" | "shifts" | "reprocessedTokens" | "appendedTokens">;

const nothing: Counted = { since: 0, shifts: 0, reprocessedTokens: 0, appendedTokens: 0 };

/** Most milliseconds until the clock is looked at again: it may be set, and machines sleep. */
const longestWait = 3_600_000;

/** What was used today, over restarts of the engine and the window; it begins anew at midnight of the local clock. */
export class DayTotals implements Disposable {
  private sum = noUsage;
  private day: string;
  /** What the engine had counted when it was last heard of. */
  private last = nothing;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: DayTotalsOptions) {
    this.day = localDay(options.now());
    this.awaitMidnight();
    void this.readDay();
  }

  get today(): UsageEntry {
    return this.sum;
  }

  /** Takes in what an engine has counted since it was last heard of. */
  follow(counters: CacheCounters, { reason, restoring }: CounterContext): void {
    this.turnDay();
    const before = counters.since === this.last.since ? this.last : nothing;
    const { since, shifts, reprocessedTokens, appendedTokens } = counters;
    this.last = { since, shifts, reprocessedTokens, appendedTokens };
    const tokens = Math.max(0, appendedTokens - before.appendedTokens);
    const again = Math.max(0, reprocessedTokens - before.reprocessedTokens);
    const entry: UsageEntry = {
      tokens,
      restored: restoring ? tokens : 0,
      shifts: Math.max(0, shifts - before.shifts),
      reprocessed: again === 0 ? {} : { [reason]: again },
    };
    if (tokens === 0 && again === 0 && entry.shifts === 0) return;
    this.sum = addUsage(this.sum, entry);
    this.options.usage?.add(this.day, entry);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  private async readDay(): Promise<void> {
    const { day } = this;
    const kept = await this.options.usage?.read(day);
    if (kept === undefined || day !== this.day || kept.tokens + kept.shifts === 0) return;
    this.sum = addUsage(kept, this.sum);
    this.options.onDidChange();
  }

  /** Whether another day has begun. */
  private turnDay(): boolean {
    const day = localDay(this.options.now());
    if (day === this.day) return false;
    this.day = day;
    this.sum = noUsage;
    return true;
  }

  private awaitMidnight(): void {
    const now = new Date(this.options.now());
    const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1).getTime();
    const wait = Math.min(midnight - now.getTime() + 50, longestWait);
    this.timer = setTimeout(() => {
      if (this.turnDay()) this.options.onDidChange();
      this.awaitMidnight();
    }, wait);
    // A command-line tool or a test must not be kept alive by this.
    (this.timer as { unref?: () => void }).unref?.();
  }
}
