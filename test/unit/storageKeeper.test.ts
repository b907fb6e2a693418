import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FakeEngineOptions } from "../fixtures/fakeEngine.ts";
import { openFakeWindow, type FakeWindow } from "../fixtures/openFakeWindow.ts";
import { othersOf } from "../fixtures/otherConversations.ts";
import { waitFor } from "../fixtures/waitFor.ts";

describe("a window that keeps its conversation", function () {
  this.timeout(30_000);
  let folder: string;
  const windows: FakeWindow[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "daylong-keeper-"));
  });
  afterEach(async () => {
    for (const window of windows.splice(0)) await window.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function openWindow(options: FakeEngineOptions = {}, limitBytes = 1e9, workspace = "workspace"): FakeWindow {
    const window = openFakeWindow({ folder, engine: options, limitBytes, workspace });
    windows.push(window);
    return window;
  }

  const journalOf = (window: FakeWindow): string =>
    readFileSync(join(window.keeper.snapshotPath ?? "", "../journal.jsonl"), "utf8");

  it("shows the transcript again before any model is loaded, and gives it to the model with the next message", async () => {
    const first = openWindow({ answer: (text) => ({ thought: "hm", text: `you said ${text}` }) });
    for (const text of ["one", "two"]) await first.say(text);
    await first.controller.receive({ type: "pin", id: first.controller.turns[0]?.id ?? "" });
    await first.controller.receive({ type: "editLast", text: "two, changed" });
    const before = first.controller.turns.map((turn) => ({ ...turn, prefill: 0 }));
    await first.close();

    const second = openWindow();
    await second.keeper.opened;
    assert.deepEqual(second.controller.turns, before);
    assert.deepEqual([second.engine.calls, second.notices], [[], []]);
    await second.say("three");
    const [one = "", two = "", three = ""] = second.controller.turns.map(({ id }) => id);
    assert.deepEqual(second.engine.calls, ["load /models/some.gguf", `restore ${one} ${two}`, `send ${three}`]);
    await second.close();
    assert.match(journalOf(second), /"kind":"settings"/);
  });

  it("keeps the tokens of replies, and which turns the model had forgotten", async () => {
    const first = openWindow({ windowSize: 48 });
    for (const text of ["one", "two", "three", "four"]) await first.say(text);
    const [one, two, three, four] = first.controller.turns.map(({ id }) => id);
    await first.controller.receive({ type: "bringBack", id: one ?? "" });
    const remembered = first.controller.turns.filter((turn) => turn.remembered).map(({ id }) => id);
    assert.ok(remembered.includes(one ?? "") && !remembered.includes(two ?? ""), remembered.join());
    const tokens = first.keeper.replyTokens(four ?? "");
    assert.deepEqual(tokens, [0]);
    await first.close();

    const second = openWindow();
    await second.keeper.opened;
    assert.deepEqual(
      second.controller.turns.filter((turn) => turn.remembered).map(({ id }) => id),
      remembered,
    );
    assert.deepEqual(second.keeper.replyTokens(three ?? ""), [0, 1]);
    await second.say("five");
    assert.deepEqual(second.engine.restoredTokens, [[0], [0], [0, 1], [0]]);
  });

  it("waits for the stored conversation with a message that comes at once", async () => {
    const first = openWindow();
    await first.say("one");
    await first.close();
    const second = openWindow();
    await second.say("two");
    assert.deepEqual(
      second.controller.turns.map(({ user, reply }) => [user, reply]),
      [
        ["one", "one"],
        ["two", "two"],
      ],
    );
  });

  it("that is closed in the middle of a reply keeps it as far as it came, marked, and goes on with it", async () => {
    const first = openWindow({ pieceMs: 2, answer: () => ({ text: "x".repeat(4_000) }) });
    void first.say("write");
    await waitFor(() => (first.controller.turns[0]?.reply.length ?? 0) > 40);
    await first.close();
    const kept = first.controller.turns[0]?.reply ?? "";
    assert.ok(kept.length > 40 && kept.length < 4_000);

    const second = openWindow({ answer: () => ({ text: "and the rest" }) });
    await second.keeper.opened;
    const [turn] = second.controller.turns;
    assert.deepEqual([turn?.reply, turn?.status, turn?.note], [kept, "stopped", "interrupted"]);
    await second.controller.receive({ type: "continueReply" });
    assert.deepEqual(
      second.engine.calls.map((call) => call.replace(/ .*/, "")),
      ["load", "restore", "continueReply"],
    );
    assert.deepEqual(
      [second.controller.turns[0]?.reply, second.controller.turns[0]?.note],
      [`${kept}and the rest`, ""],
    );
  });

  it("takes over what the model had written of a reply when the window before it had gone", async () => {
    const interrupted = async (): Promise<string> => {
      const first = openWindow({ pieceMs: 2, answer: () => ({ text: "x".repeat(4_000) }) });
      await first.keeper.opened;
      const before = first.controller.turns.length;
      void first.say("write");
      await waitFor(() => (first.controller.turns[before]?.reply.length ?? 0) > 40);
      await first.close();
      return first.controller.turns.at(-1)?.reply ?? "";
    };
    const kept = await interrupted();
    // It had ended: there is nothing to go on with.
    const written = { text: `${kept} the end`, tokenIds: [1, 2, 3], stopReason: "end" as const };
    const second = openWindow({ written });
    await second.controller.receive({ type: "continueReply" });
    const { id = "", reply, status, note } = second.controller.turns[0] ?? {};
    assert.deepEqual([reply, status, note], [`${kept} the end`, "done", ""]);
    assert.deepEqual(
      second.engine.calls.map((call) => call.replace(/ .*/, "")),
      ["load", "restore"],
    );
    await second.close();
    const third = openWindow();
    await third.keeper.opened;
    assert.deepEqual(
      third.controller.turns.map((turn) => [turn.reply, turn.status, turn.note]),
      [[`${kept} the end`, "done", ""]],
    );
    assert.deepEqual(third.keeper.replyTokens(id), [1, 2, 3]);
    await third.close();

    // It had been stopped later: it goes on from there, and so does another message.
    const partial = await interrupted();
    const beyond = { text: `${partial} and`, tokenIds: [4], stopReason: "stopped" as const };
    const fourth = openWindow({ written: beyond, answer: () => ({ text: " so on" }) });
    await fourth.say("another message");
    assert.deepEqual(
      fourth.controller.turns.slice(1).map((turn) => [turn.reply, turn.status, turn.note]),
      [
        [`${partial} and`, "stopped", "interrupted"],
        [" so on", "done", ""],
      ],
    );
    await fourth.close();
    const fifth = openWindow({ written: beyond, answer: () => ({ text: " so on" }) });
    await fifth.keeper.opened;
    assert.equal(fifth.controller.turns[1]?.reply, `${partial} and`, "it was kept");
    await fifth.close();

    const last = await interrupted();
    const more = { text: `${last} and`, tokenIds: [4], stopReason: "stopped" as const };
    const sixth = openWindow({ written: more, answer: () => ({ text: " so on" }) });
    await sixth.controller.receive({ type: "continueReply" });
    const turn = sixth.controller.turns.at(-1);
    assert.deepEqual([turn?.reply, turn?.status, turn?.note], [`${last} and so on`, "done", ""]);
  });

  it("that is killed in the middle of a reply has lost at most what came in the last moment", async () => {
    const first = openWindow({ pieceMs: 2, answer: () => ({ text: "0123456789".repeat(400) }) });
    void first.say("write");
    await waitFor(() => (first.controller.turns[0]?.reply.length ?? 0) > 200);
    const seen = first.controller.turns[0]?.reply ?? "";
    // A killed process hands nothing over: what is on disk some moments later is what a new window would find.
    await new Promise((resolve) => setTimeout(resolve, 400));
    const pieces = [...journalOf(first).matchAll(/"channel":"reply","offset":\d+,"text":"(\d+)"/g)];
    assert.ok(
      pieces
        .map(([, text]) => text)
        .join("")
        .startsWith(seen),
    );
  });

  it("beside another one on the same workspace has its own conversation, and says so", async () => {
    const first = openWindow();
    await first.say("mine");
    const second = openWindow();
    await second.say("yours");
    assert.deepEqual(
      [first, second].map(({ controller, notices }) => [controller.turns.map(({ user }) => user), notices]),
      [
        [["mine"], []],
        [["yours"], [{ kind: "secondWindow" }]],
      ],
    );
    const elsewhere = openWindow({}, 1e9, "another");
    await elsewhere.keeper.opened;
    assert.deepEqual([elsewhere.controller.turns, elsewhere.notices], [[], []]);
  });

  it("keeps earlier conversations and opens them again, with their own snapshot", async () => {
    const window = openWindow();
    await window.say("first day");
    const firstSnapshot = window.keeper.snapshotPath;
    await window.controller.receive({ type: "newConversation" });
    assert.notEqual(window.keeper.snapshotPath, firstSnapshot);
    await window.say("second day");
    const [other] = await othersOf(window.keeper);
    assert.equal(other?.title, "first day");
    await window.keeper.switchTo(other.id);
    assert.deepEqual(
      [window.controller.turns.map(({ user }) => user), window.keeper.snapshotPath],
      [["first day"], firstSnapshot],
    );
    await window.say("again");
    const calls = window.engine.calls.map((call) => call.replace(/ .*/, ""));
    const expected = ["load", "send", "openConversation", "send", "openConversation", "restore", "send"];
    assert.deepEqual(calls, expected, "the model is loaded once");
    assert.deepEqual(
      (await othersOf(window.keeper)).map(({ title }) => title),
      ["second day"],
    );
  });

  it("does not open what another window has open", async () => {
    const first = openWindow();
    await first.say("mine");
    const second = openWindow();
    const [other] = await othersOf(second.keeper);
    await second.keeper.switchTo(other?.id ?? "");
    assert.deepEqual([second.controller.turns.length, second.notices.at(-1)], [0, { kind: "openElsewhere" }]);
  });

  it("leaves a newer Daylong's conversation alone, and says so", async () => {
    const first = openWindow();
    await first.say("from the future");
    const id = first.keeper.presentId ?? "";
    await first.close();
    const body = JSON.stringify({ kind: "hologram" });
    const sum = createHash("sha256").update(`2:1000:${body}`).digest("hex").slice(0, 16);
    const path = join(first.keeper.snapshotPath ?? "", "../journal.jsonl");
    appendFileSync(path, `{"v":2,"seq":1000,"sum":"${sum}","record":${body}}\n`);
    const before = readFileSync(path, "utf8");
    const second = openWindow();
    await second.keeper.opened;
    await second.keeper.switchTo(id);
    assert.deepEqual(second.notices, [{ kind: "unreadable" }, { kind: "unreadable" }]);
    await second.say("here and now");
    await second.close();
    assert.equal(readFileSync(path, "utf8"), before);
  });

  it("says how much was damaged, and shows the rest", async () => {
    const first = openWindow();
    for (const text of ["one", "two", "three"]) await first.say(text);
    const path = join(first.keeper.snapshotPath ?? "", "../journal.jsonl");
    await first.close();
    writeFileSync(path, readFileSync(path, "utf8").replace('"user":"two"', '"user":"tow"'));
    const second = openWindow();
    await second.keeper.opened;
    const [notice] = second.notices;
    assert.ok(notice?.kind === "damaged" && notice.records === 1);
    assert.deepEqual(
      second.controller.turns.map(({ user }) => user),
      ["one", "three"],
    );
  });

  it("keeps no snapshots beyond the limit, and says so", async () => {
    const first = openWindow();
    await first.say("one");
    await first.close();
    const none = openWindow({}, 0);
    await none.keeper.opened;
    assert.deepEqual([none.keeper.snapshotPath, none.controller.turns.length], [undefined, 1]);
    await none.close();
    const little = openWindow({}, 10);
    await little.keeper.opened;
    assert.equal(little.notices[0]?.kind, "overLimit");
    assert.equal(little.controller.turns.length, 1);
  });

  it("deletes all data of all workspaces when asked to", async () => {
    const elsewhere = openWindow({}, 1e9, "another");
    await elsewhere.say("far away");
    await elsewhere.close();
    const window = openWindow();
    await window.say("here");
    await window.controller.startNew();
    assert.equal((await window.keeper.diskUse()).conversations, 3);
    assert.deepEqual(await window.keeper.deleteOthers(), { conversations: 2, kept: 0 });
    assert.deepEqual([window.controller.turns.length, (await othersOf(window.keeper)).length], [0, 0]);
    const left = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    assert.deepEqual(left.map(({ name }) => name).sort(), ["current.json", "current.json", "host.lock"]);
    await window.say("goes on");
    await window.close();
    assert.match(journalOf(window), /goes on/);
  });
});
