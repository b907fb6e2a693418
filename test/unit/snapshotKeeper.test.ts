import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConversationState } from "../../src/conversation/conversationState.ts";
import type { SnapshotPolicy } from "../../src/engine/engine.ts";
import { SnapshotFiles, type SnapshotKey } from "../../src/engine/worker/snapshotFiles.ts";
import { SnapshotKeeper, type KeptCells, type SettledBooks } from "../../src/engine/worker/snapshotKeeper.ts";
import { ProcessLock } from "../../src/files/processLock.ts";
import { waitFor } from "../fixtures/waitFor.ts";

const key: SnapshotKey = {
  fingerprint: "model",
  engineVersion: "library 1",
  contextSize: 512,
  systemPrompt: "Be brief.",
  template: "own",
  cacheTypes: "f16/f16",
};
const state: ConversationState = {
  segments: [{ kind: "text", key: "t0.text", dropped: 0, tokens: [1, 2, 3], runs: [{ length: 3, shifts: 0 }] }],
  turns: [],
  broughtBack: [],
};

/** Cells of so many bytes, which hold these tokens once they are loaded. */
class Cells implements KeptCells {
  tokens: readonly number[] = [];
  cleared = 0;
  constructor(
    private readonly loaded: readonly number[],
    private readonly bytes = 100,
  ) {}

  loadState(): Promise<void> {
    this.tokens = this.loaded;
    return Promise.resolve();
  }

  saveState(path: string): Promise<void> {
    return writeFile(path, Buffer.alloc(this.bytes));
  }

  clear(): Promise<void> {
    this.cleared += 1;
    return Promise.resolve();
  }
}

describe("the keeper of snapshots", () => {
  let folder: string;
  const closing: (() => Promise<void>)[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "daylong-keeper-"));
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    rmSync(folder, { recursive: true, force: true });
  });

  interface Kept {
    readonly keeper: SnapshotKeeper;
    readonly cells: Cells;
    readonly log: string[];
    readonly adopted: ConversationState[];
    /** The conversation's side: replaced by a test that wants another one. */
    settle: SettledBooks["settle"];
  }

  async function open(policy: SnapshotPolicy = {}, cells = new Cells([1, 2, 3])): Promise<Kept> {
    const prefix = join(folder, "snapshot");
    const lock = await ProcessLock.take(`${prefix}.lock`, { wait: 0, onDidLose: () => undefined });
    assert.ok(lock !== undefined);
    const log: string[] = [];
    const adopted: ConversationState[] = [];
    const kept: Kept = {
      keeper: new SnapshotKeeper({
        files: new SnapshotFiles(prefix),
        lock,
        key,
        sequence: cells,
        conversation: { settle: (use) => kept.settle(use), adopt: (books) => adopted.push(books) },
        policy,
        log: (line) => log.push(line),
      }),
      cells,
      log,
      adopted,
      settle: (use) => use(state),
    };
    closing.push(() => kept.keeper.close());
    return kept;
  }

  const written = ({ log }: Kept): number => log.filter((line) => line.startsWith("snapshot:")).length;
  const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const hour = 3_600_000;

  it("writes one when nothing has happened for a while, and a last one only for what came since", async () => {
    const kept = await open({ idleMs: 20, periodMs: 0 });
    kept.keeper.touch();
    await waitFor(() => written(kept) === 1);
    await kept.keeper.close();
    assert.equal(written(kept), 1, "nothing had changed");
    const again = await open({ idleMs: hour });
    again.keeper.touch();
    await again.keeper.close();
    assert.equal(written(again), 1, "it was not waited for");
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith(".lock")),
      [],
      "the lock is given back",
    );
  });

  it("does not write again before the period is over", async () => {
    const kept = await open({ idleMs: 5, periodMs: hour });
    for (let times = 0; times < 3; times++) {
      kept.keeper.touch();
      await waitFor(() => written(kept) === 1);
      await pause(30);
    }
    assert.equal(written(kept), 1);
  });

  it("writes no idle one when the day's bytes are spent, but the last one", async () => {
    const kept = await open({ idleMs: 5, periodMs: 0, dailyBytes: 150 });
    for (const count of [1, 2]) {
      kept.keeper.touch();
      await waitFor(() => written(kept) === count);
    }
    kept.keeper.touch();
    await waitFor(() => kept.log.some((line) => line.includes("daily budget")));
    assert.equal(written(kept), 2);
    await kept.keeper.close();
    assert.equal(written(kept), 3);
  });

  it("writes none while an operation runs, and tries again after the next", async () => {
    const kept = await open({ idleMs: 5, periodMs: 0 });
    const { settle } = kept;
    kept.settle = () => Promise.resolve(undefined);
    kept.keeper.touch();
    await pause(30);
    assert.equal(written(kept), 0);
    kept.settle = settle;
    kept.keeper.touch();
    await waitFor(() => written(kept) === 1);
  });

  it("says that one could not be written, and writes it later", async () => {
    const kept = await open({ idleMs: 5, periodMs: 0 });
    const { settle } = kept;
    kept.settle = () => Promise.reject(Object.assign(new Error("no space left on device"), { code: "ENOSPC" }));
    kept.keeper.touch();
    await waitFor(() => kept.log.some((line) => line.includes("no space left")));
    kept.settle = settle;
    await kept.keeper.close();
    assert.equal(written(kept), 1);
  });

  it("writes nothing any more where another process has taken over", async () => {
    const kept = await open({ idleMs: 5, periodMs: 0 });
    kept.keeper.touch();
    kept.keeper.abandon();
    await pause(30);
    kept.keeper.touch();
    await kept.keeper.close();
    assert.equal(written(kept), 0);
  });

  it("brings back what it wrote, and clears cells that are not what the books say", async () => {
    const first = await open({ idleMs: hour });
    assert.equal(await first.keeper.load(), "none");
    first.keeper.touch();
    await first.keeper.close();
    const second = await open();
    assert.equal(await second.keeper.load(), "snapshot");
    assert.deepEqual(second.adopted, [state]);
    await second.keeper.close();
    const third = await open({}, new Cells([1, 2, 4]));
    assert.equal(await third.keeper.load(), "damaged");
    assert.deepEqual([third.adopted, third.cells.cleared], [[], 1]);
  });
});
