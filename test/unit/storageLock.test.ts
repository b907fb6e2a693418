import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { ProcessLock } from "../../src/files/processLock.ts";

const onDidLose = (): void => assert.fail("the lock was lost");

describe("the lock of a conversation", function () {
  this.timeout(60_000);
  let folder: string;
  let path: string;
  let racer: string;
  const children: ChildProcess[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "daylong-lock-"));
    racer = join(folder, "racer.mjs");
    await build({
      entryPoints: [fileURLToPath(new URL("../scripts/killedLock.ts", import.meta.url))],
      outfile: racer,
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
      logLevel: "warning",
    });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  beforeEach(() => {
    path = join(mkdtempSync(join(folder, "lock ä-")), "host.lock");
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  /** Starts a process that wants the lock; `said` grows with what it says. */
  function race(wait: number, hold: number): { child: ChildProcess; said: string[]; ended: Promise<unknown> } {
    const child = spawn(process.execPath, [racer, path, String(wait), String(hold)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    const said: string[] = [];
    child.stdout.on("data", (data: Buffer) => said.push(...data.toString("utf8").trim().split("\n")));
    return { child, said, ended: new Promise((resolve) => child.once("close", resolve)) };
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  const owner = (pid: number, more: object = {}): string =>
    JSON.stringify({ version: 1, pid, startedAt: "", host: hostname(), token: "someone", ...more });

  it("is had by one of two processes, and by the other when the first lets go", async () => {
    const first = race(0, 700);
    await until(() => first.said.includes("held"));
    assert.equal(await ProcessLock.take(path, { wait: 0, onDidLose }), undefined);
    const mine = await ProcessLock.take(path, { wait: 5_000, onDidLose });
    assert.ok(mine !== undefined && first.said.includes("free"));
    await mine.release();
    assert.equal(existsSync(path), false);
  });

  it("is taken over from a process that was killed, by one of many", async () => {
    const dying = race(0, 60_000);
    await until(() => dying.said.includes("held"));
    dying.child.kill("SIGKILL");
    await dying.ended;
    assert.ok(existsSync(path));
    const racers = Array.from({ length: 6 }, () => race(0, 60_000));
    await until(() => racers.every(({ said }) => said.length > 0));
    assert.equal(racers.filter(({ said }) => said.includes("held")).length, 1);
    assert.equal(racers.filter(({ said }) => said.includes("refused")).length, 5);
  });

  it("is never held by two at a time, however often it changes hands", async () => {
    writeFileSync(path, owner(2 ** 22 + 1));
    let holding = 0;
    let most = 0;
    const rounds = Array.from({ length: 6 }, async () => {
      for (let round = 0; round < 8; round++) {
        const lock = await ProcessLock.take(path, { wait: 30_000, onDidLose });
        assert.ok(lock !== undefined);
        most = Math.max(most, ++holding);
        await new Promise((resolve) => setTimeout(resolve, 2));
        holding -= 1;
        await lock.release();
      }
    });
    await Promise.all(rounds);
    assert.equal(most, 1);
  });

  it("is taken over where the process number was given to somebody else", async () => {
    // Where the system tells when a process was started, at once; elsewhere after some seconds without a sign of life.
    writeFileSync(path, owner(process.pid, { startedAt: "1" }));
    const before = new Date(Date.now() - 3_600_000);
    utimesSync(path, before, before);
    const lock = await ProcessLock.take(path, { wait: 0, onDidLose });
    assert.ok(lock !== undefined);
    await lock.release();
  });

  it("of another machine is respected while that gives signs of life, and taken over when it is silent", async () => {
    writeFileSync(path, owner(1, { host: "another" }));
    assert.equal(await ProcessLock.take(path, { wait: 0, onDidLose }), undefined);
    const before = new Date(Date.now() - 60_000);
    utimesSync(path, before, before);
    const startedAt = Date.now();
    const lock = await ProcessLock.take(path, { wait: 0, onDidLose });
    assert.ok(lock !== undefined && Date.now() - startedAt > 7_000);
    await lock.release();
  });

  it("that holds nothing readable is taken over when it is old", async () => {
    writeFileSync(path, "{");
    assert.equal(await ProcessLock.take(path, { wait: 0, onDidLose }), undefined);
    const before = new Date(Date.now() - 60_000);
    utimesSync(path, before, before);
    const lock = await ProcessLock.take(path, { wait: 0, onDidLose });
    assert.ok(lock !== undefined);
    await lock.release();
  });

  it("tells its owner when it was lost, and puts itself back when it was only removed", async () => {
    let lost = 0;
    const lock = await ProcessLock.take(path, { wait: 0, onDidLose: () => (lost += 1) });
    assert.ok(lock !== undefined);
    const text = readFileSync(path, "utf8");
    rmSync(path);
    await until(() => existsSync(path));
    await until(() => readFileSync(path, "utf8").length === text.length);
    assert.equal(lost, 0);
    writeFileSync(path, owner(process.pid));
    await until(() => lost === 1);
    await lock.release();
    assert.ok(existsSync(path), "the lock of the other stays");
  });

  it("leaves nothing when it is given back while it puts itself back", async () => {
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    mock.timers.enable({ apis: ["setInterval"] });
    try {
      // At each moment of the sign of life.
      for (let turns = 0; turns < 40; turns++) {
        const lock = await ProcessLock.take(path, { wait: 0, onDidLose });
        assert.ok(lock !== undefined);
        rmSync(path);
        mock.timers.tick(2_000);
        for (let passed = 0; passed < turns; passed++) await turn();
        await lock.release();
        await new Promise((resolve) => setTimeout(resolve, 5));
        assert.ok(!existsSync(path), `after ${turns} turns`);
      }
    } finally {
      mock.timers.reset();
    }
  });
});
