import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DayTotals, type UsageKeeping } from "../../src/chat/dayTotals.ts";
import type { CacheCounters } from "../../src/engine/engine.ts";
import { localDay, noUsage, UsageLog } from "../../src/storage/usageLog.ts";

const counters = (change: Partial<CacheCounters>): CacheCounters => ({
  since: 1,
  windowTokens: 0,
  windowSize: 512,
  shifts: 0,
  reprocessedTokens: 0,
  appendedTokens: 0,
  decodedTokens: 0,
  detourTokens: 0,
  ...change,
});
const sending = { reason: "saving", restoring: false } as const;
const noon = new Date("2026-03-05T12:00:00").getTime();

describe("the totals of a day", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "daylong-usage-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function open(now: () => number, usage?: UsageKeeping): { totals: DayTotals; changed: () => Promise<void> } {
    let told = (): void => undefined;
    const changed = new Promise<void>((resolve) => (told = resolve));
    return { totals: new DayTotals({ now, usage, onDidChange: () => told() }), changed: () => changed };
  }

  it("add up over engines, each of which counts from 0, and name the reasons", () => {
    const { totals } = open(() => noon);
    totals.follow(counters({ appendedTokens: 100, shifts: 1 }), sending);
    totals.follow(counters({ appendedTokens: 130, shifts: 1, reprocessedTokens: 1 }), {
      ...sending,
      reason: "regenerate",
    });
    totals.follow(counters({ since: 2, appendedTokens: 90, shifts: 0 }), { ...sending, restoring: true });
    totals.follow(counters({ since: 2, appendedTokens: 95, shifts: 2, reprocessedTokens: 40 }), {
      ...sending,
      reason: "recompute",
    });
    totals.follow(counters({ since: 3, appendedTokens: 95, shifts: 2, reprocessedTokens: 40 }), sending);
    assert.deepEqual(totals.today, {
      tokens: 130 + 95 + 95,
      restored: 90,
      shifts: 5,
      reprocessed: { regenerate: 1, recompute: 40, saving: 40 },
    });
    totals.dispose();
  });

  it("begin anew at midnight of the local clock, without losing what an engine counted before", () => {
    let now = new Date("2026-03-05T23:59:59").getTime();
    const { totals } = open(() => now);
    totals.follow(counters({ appendedTokens: 100 }), sending);
    now += 2_000;
    totals.follow(counters({ appendedTokens: 130 }), sending);
    assert.equal(totals.today.tokens, 30);
    totals.dispose();
  });

  it("survive a reload on the same day, and only on that", async () => {
    const usage = new UsageLog(folder);
    const { totals: first } = open(() => noon, usage);
    first.follow(counters({ appendedTokens: 100, shifts: 3, reprocessedTokens: 1 }), {
      ...sending,
      reason: "editLast",
    });
    await usage.flush();
    first.dispose();
    const { totals: second, changed } = open(() => noon + 60_000, new UsageLog(folder));
    second.follow(counters({ since: 9, appendedTokens: 5 }), sending);
    await changed();
    assert.deepEqual(second.today, { tokens: 105, restored: 0, shifts: 3, reprocessed: { editLast: 1 } });
    second.dispose();

    const tomorrow = new UsageLog(folder);
    assert.deepEqual(await tomorrow.read(localDay(noon + 86_400_000)), noUsage);
    assert.deepEqual(readdirSync(folder), [], "the file of another day has gone");
  });

  it("add up over windows, and over lines that were torn off", async () => {
    const [one, other] = [new UsageLog(folder), new UsageLog(folder)];
    const day = localDay(noon);
    const entry = { tokens: 7, restored: 0, shifts: 1, reprocessed: {} };
    for (let times = 0; times < 3; times += 1) {
      one.add(day, entry);
      other.add(day, entry);
      await Promise.all([one.flush(), other.flush()]);
    }
    appendFileSync(join(folder, `usage-${day}.jsonl`), '{"tokens":5,"rest');
    writeFileSync(join(folder, "other.json"), "{}");
    assert.deepEqual(await new UsageLog(folder).read(day), { tokens: 42, restored: 0, shifts: 6, reprocessed: {} });
    assert.deepEqual(readdirSync(folder).length, 2);
  });

  it("cost nothing but themselves where nothing can be written", async () => {
    writeFileSync(join(folder, "file"), "");
    const usage = new UsageLog(join(folder, "file", "below"));
    usage.add(localDay(noon), { tokens: 1, restored: 0, shifts: 0, reprocessed: {} });
    await usage.flush();
    assert.deepEqual(await usage.read(localDay(noon)), noUsage);
  });
});
