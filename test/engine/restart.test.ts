import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { demoModel, engineBundle } from "../fixtures/engine/paths.ts";
import { ended, KeptWindow } from "../fixtures/keptWindow.ts";
import { othersOf } from "../fixtures/otherConversations.ts";

describe("a window that is opened again", function () {
  this.timeout(60_000);
  let folder: string;
  const windows: KeptWindow[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "daylong-restärt-"));
  });
  afterEach(async () => {
    for (const window of windows.splice(0)) await window.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const open = (within = folder, unloadAfterMinutes = 0): KeptWindow => {
    const window = new KeptWindow({
      folder: within,
      enginePath: engineBundle,
      modelPath: demoModel,
      unloadAfterMinutes,
    });
    windows.push(window);
    return window;
  };
  const said = (window: KeptWindow): unknown[] =>
    window.controller.turns.map(({ user, reply, note }) => [user, reply, note]);

  it("goes on with not one token evaluated again after a clean close", async () => {
    const first = open();
    await first.start();
    await first.say("Remember that the green cache is 47.");
    await first.say("Write a function to sort a table.");
    const before = said(first);
    await first.close();

    const second = open();
    await second.keeper.opened;
    assert.deepEqual(said(second), before, "before the model is loaded");
    await second.start();
    assert.equal(second.restored?.counters.decodedTokens, 0, second.log.join("\n"));
    await second.say("What is the green cache?");
    assert.match(second.controller.turns[2]?.reply ?? "", /47/);
    assert.equal((await second.engine.cacheState()).counters.reprocessedTokens, 0);
  });

  it("that was closed in the middle of a reply goes on with that reply, with not one token evaluated again", async () => {
    const first = open();
    await first.start();
    await first.say("Remember that the green cache is 47.");
    const { pid } = first.engine;
    assert.ok(pid !== undefined);
    const newest = () => first.controller.turns.at(-1);
    // The demo model writes a reply in the blink of an eye, so it runs for moments only; where that was too long, again.
    do {
      process.kill(pid, "SIGCONT");
      await first.controller.receive({ type: "stop" });
      process.kill(pid, "SIGSTOP");
      void first.say("Write a function to sort a table.");
      while (newest()?.user.startsWith("Remember") === true || newest()?.reply === "") {
        process.kill(pid, "SIGCONT");
        for (const end = performance.now() + 2; performance.now() < end;);
        process.kill(pid, "SIGSTOP");
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    } while (newest()?.status === "done");
    const closing = first.close();
    process.kill(pid, "SIGCONT");
    await closing;
    const kept = newest()?.reply ?? "";
    const count = first.controller.turns.length;

    const second = open();
    await second.keeper.opened;
    const turn = second.controller.turns.at(-1);
    assert.deepEqual([turn?.reply, turn?.note], [kept, "interrupted"]);
    await second.start();
    assert.equal(second.restored?.counters.decodedTokens, 0, second.log.join("\n"));
    await second.controller.receive({ type: "continueReply" });
    const whole = second.controller.turns.at(-1)?.reply ?? "";
    assert.ok(whole.startsWith(kept) && whole.length >= kept.length);
    assert.equal((await second.engine.cacheState()).counters.reprocessedTokens, 0);
    // The same as if nothing had happened.
    const straight = open(join(folder, "straight"));
    await straight.start();
    await straight.say("Remember that the green cache is 47.");
    for (let turns = 1; turns < count; turns++) await straight.say("Write a function to sort a table.");
    assert.equal(whole, straight.controller.turns.at(-1)?.reply);
  });

  it("whose engine was killed evaluates what came since the snapshot, and loses no word", async () => {
    const first = open();
    await first.start();
    await first.say("Remember that the green cache is 47.");
    await first.close();
    const second = open();
    await second.start();
    await second.say("Write a function to sort a table.");
    const before = said(second);
    await second.killEngine();
    await second.close();

    const third = open();
    await third.start();
    assert.deepEqual(said(third), before);
    const counters = third.restored?.counters;
    assert.ok(counters !== undefined && counters.decodedTokens > 0);
    assert.ok(counters.decodedTokens < counters.windowTokens - 20, JSON.stringify(counters));
    await third.say("What is the green cache?");
    assert.match(third.controller.turns[2]?.reply ?? "", /47/);
  });

  it("whose last message was edited after the snapshot evaluates the new one", async () => {
    const first = open();
    await first.start();
    await first.say("Hello for the first time.");
    await first.close();
    const second = open();
    await second.start();
    await second.controller.receive({ type: "editLast", text: "Remember that the green cache is 47." });
    const { id, reply } = second.controller.turns[0] ?? assert.fail();
    await second.killEngine();
    await second.say("What is the green cache?");
    assert.match(second.controller.turns[1]?.reply ?? "", /47/);
    assert.deepEqual([second.controller.turns[0]?.id, second.controller.turns[0]?.reply], [id, reply]);
  });

  it("gives the model's memory back when nobody uses it, and goes on from the snapshot with the next message", async () => {
    const window = open(folder, 0.005);
    await window.start();
    await window.say("Remember that the green cache is 47.");
    const { pid } = window.engine;
    await ended(pid);
    assert.equal(window.engine.pid, undefined);
    await window.say("What is the green cache?");
    assert.match(window.controller.turns[1]?.reply ?? "", /47/);
    const { counters } = await window.engine.cacheState();
    assert.equal(counters.reprocessedTokens, 0);
    assert.ok(counters.decodedTokens < counters.windowTokens - 20, JSON.stringify(counters));
    assert.deepEqual(window.notices, []);
  });

  it("has a snapshot for each conversation: going back to one evaluates nothing", async () => {
    const window = open();
    await window.start();
    await window.say("Remember that the green cache is 47.");
    await window.controller.receive({ type: "newConversation" });
    await window.say("Remember that the red queue is 12.");
    const [other] = await othersOf(window.keeper);
    await window.keeper.switchTo(other?.id ?? "");
    await window.say("What is the green cache?");
    assert.match(window.controller.turns[1]?.reply ?? "", /47/);
    const { counters } = await window.engine.cacheState();
    assert.ok(counters.decodedTokens < counters.windowTokens - 20, "the first turn came from its snapshot");
    assert.equal(counters.reprocessedTokens, 0);
    assert.equal(window.log.filter((line) => line.startsWith("loaded:")).length, 1, "one load for both");
    assert.equal(readdirSync(join(folder, "workspaces", "none", "conversations")).length, 2);
  });

  it("leaves nothing after all data were deleted, not even when its engine ends", async () => {
    const window = open();
    await window.start();
    await window.say("Remember that the green cache is 47.");
    await window.controller.startNew();
    assert.deepEqual(await window.keeper.deleteOthers(), { conversations: 1, kept: 0 });
    await window.close();
    const left = readdirSync(join(folder, "workspaces", "none", "conversations"), {
      recursive: true,
      withFileTypes: true,
    });
    assert.deepEqual(
      left.filter((entry) => entry.isFile()).map(({ name }) => name),
      [],
    );
  });
});
