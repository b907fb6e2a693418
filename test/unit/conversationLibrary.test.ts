import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConversationLibrary } from "../../src/chat/conversationLibrary.ts";
import type { FakeEngineOptions } from "../fixtures/fakeEngine.ts";
import { openFakeWindow, type FakeWindow } from "../fixtures/openFakeWindow.ts";
import { waitFor } from "../fixtures/waitFor.ts";

interface Window extends FakeWindow {
  readonly library: ConversationLibrary;
}

describe("the conversations of many days", function () {
  this.timeout(20_000);
  let folder: string;
  const windows: Window[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "daylong-library-"));
  });
  afterEach(async () => {
    for (const window of windows.splice(0)) await window.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function openWindow(options: FakeEngineOptions = {}): Window {
    const window = openFakeWindow({ folder, engine: options });
    const { controller, keeper } = window;
    const library = new ConversationLibrary({
      keeper,
      startNew: () => controller.startNew(),
      isEmpty: () => controller.turns.length === 0,
    });
    windows.push({ ...window, library });
    return { ...window, library };
  }

  const titles = async ({ library }: Window): Promise<string[]> => (await library.list()).map(({ title }) => title);
  const idOf = async ({ library }: Window, title: string): Promise<string> => {
    const found = (await library.list()).find((conversation) => conversation.title === title);
    assert.ok(found !== undefined, title);
    return found.id;
  };

  it("are listed, the present one among them, and named as the user likes", async () => {
    const window = openWindow();
    assert.deepEqual(await window.library.list(), []);
    await window.say("green cache");
    await window.controller.startNew();
    await window.say("red queue");
    assert.deepEqual((await titles(window)).sort(), ["green cache", "red queue"]);
    const present = await window.library.present();
    assert.deepEqual([present?.title, present?.isPresent], ["red queue", true]);
    await window.library.rename(present?.id ?? "", "  The   queue\nof the day ");
    await window.library.rename(await idOf(window, "green cache"), "Caches");
    assert.deepEqual((await titles(window)).sort(), ["Caches", "The queue of the day"]);
    await window.library.rename(await idOf(window, "Caches"), "");
    assert.deepEqual((await titles(window)).sort(), ["The queue of the day", "green cache"]);
  });

  it("are deleted at once and brought back by undo, the present one to where it was", async () => {
    const window = openWindow();
    await window.say("green cache");
    await window.controller.startNew();
    await window.say("red queue");
    const turns = window.controller.turns.map(({ id }) => id);

    const other = await window.library.delete(await idOf(window, "green cache"));
    assert.deepEqual(await titles(window), ["red queue"]);
    await other.undo();
    assert.deepEqual((await titles(window)).sort(), ["green cache", "red queue"]);

    const present = await window.library.delete(window.keeper.presentId ?? "");
    assert.deepEqual([window.controller.turns.length, await titles(window)], [0, ["green cache"]]);
    await present.undo();
    assert.deepEqual(
      window.controller.turns.map(({ id }) => id),
      turns,
    );

    const again = await window.library.delete(window.keeper.presentId ?? "");
    await window.say("blue table");
    await again.undo();
    assert.deepEqual(
      window.controller.turns.map(({ user }) => user),
      ["blue table"],
      "what was begun meanwhile stays in its place",
    );
    await (await window.library.delete(await idOf(window, "red queue"))).finish();
    assert.deepEqual((await titles(window)).sort(), ["blue table", "green cache"]);
    assert.deepEqual(readdirSync(join(window.keeper.store.conversationsFolder, "../deleted")), []);
  });

  it("comes back by undo where an engine has made its folder anew", async () => {
    const window = openWindow();
    await window.say("green cache");
    const id = window.keeper.presentId ?? "";
    const deletion = await window.library.delete(id);
    const place = join(window.keeper.store.conversationsFolder, id);
    mkdirSync(place);
    writeFileSync(join(place, "snapshot.json"), "{}");
    await deletion.undo();
    assert.deepEqual(await titles(window), ["green cache"]);
    assert.deepEqual(
      window.controller.turns.map(({ user }) => user),
      ["green cache"],
    );
  });

  it("that was deleted and never asked about again is erased by a later window", async () => {
    const first = openWindow();
    await first.say("green cache");
    await first.library.delete(first.keeper.presentId ?? "");
    const deleted = join(first.keeper.store.conversationsFolder, "../deleted");
    await first.close();
    const second = openWindow();
    await second.keeper.opened;
    assert.equal(readdirSync(deleted).length, 1, "another window may still be asking");
    await second.close();
    const old = new Date(Date.now() - 2 * 3_600_000);
    utimesSync(join(deleted, readdirSync(deleted)[0] ?? ""), old, old);
    const third = openWindow();
    await third.keeper.opened;
    assert.deepEqual(readdirSync(deleted), []);
  });

  it("that another window has open is not deleted", async () => {
    const first = openWindow();
    await first.say("green cache");
    const second = openWindow();
    await second.keeper.opened;
    const id = await idOf(second, "green cache");
    await assert.rejects(second.library.delete(id), { code: "conversation-open" });
    assert.equal((await second.library.read(id)).length, 1);
    await assert.rejects(second.library.read("00000000-0000-4000-8000-000000000000"), { code: "conversation-unknown" });
  });

  it("are never mixed up when one is opened while another's reply runs", async () => {
    const window = openWindow({ pieceMs: 1, answer: (text) => ({ text: `${text} `.repeat(400) }) });
    const { controller, library, engine } = window;
    void window.say("green");
    await waitFor(() => (controller.turns[0]?.reply.length ?? 0) > 60);
    await controller.receive({ type: "stop" });
    await waitFor(() => !controller.busy);
    const green = window.keeper.presentId ?? "";
    await controller.startNew();
    void window.say("red");
    await waitFor(() => (controller.turns[0]?.reply.length ?? 0) > 60);
    const red = window.keeper.presentId ?? "";

    const opening = library.open(green);
    // Words that are sent while one takes the place of the other belong to one of them, whole.
    const sending = window.say("meanwhile");
    await opening;
    assert.equal(window.keeper.presentId, green);
    assert.ok(controller.turns.every(({ reply }) => !reply.includes("red")));
    await controller.receive({ type: "stop" });
    await sending;
    const [stored, shown] = [await library.read(red), controller.turns];
    assert.equal(stored[0]?.user, "red");
    assert.match(stored[0].reply, /^(red )+r?e?d?$/, "as far as it came");
    assert.deepEqual([stored[0].status, stored[0].note], ["stopped", "stopped"]);
    assert.deepEqual(
      (await library.read(green)).map(({ id, user, reply }) => ({ id, user, reply })),
      shown.map(({ id, user, reply }) => ({ id, user, reply })),
      "what is on disk is what is shown",
    );

    await library.open(red);
    const before = controller.turns[0]?.reply ?? "";
    const going = controller.receive({ type: "continueReply" });
    await waitFor(() => (controller.turns[0]?.reply.length ?? 0) > before.length + 40);
    await controller.receive({ type: "stop" });
    await going;
    assert.ok(controller.turns[0]?.reply.startsWith(before));
    const restored = engine.calls.findLast((call) => call.startsWith("restore"));
    assert.equal(restored, `restore ${controller.turns[0]?.id ?? ""}`, "the model knows this conversation only");
  });

  it("opens one while the model is being loaded for another, and gives the model the right one", async () => {
    const first = openWindow();
    await first.say("green");
    const green = first.keeper.presentId ?? "";
    await first.controller.startNew();
    await first.say("red");
    await first.close();

    const second = openWindow({ pieceMs: 40 });
    await second.keeper.opened;
    const loading = second.controller.receive({ type: "composing" });
    await waitFor(() => second.engine.calls.length > 0);
    await second.library.open(green);
    await loading;
    await second.say("and now?");
    const [turn] = second.controller.turns;
    assert.deepEqual(
      second.engine.calls.slice(-3).map((call) => call.replace(/ .*/, "")),
      ["openConversation", "restore", "send"],
      "the snapshot that the engine keeps is this conversation's",
    );
    assert.equal(second.engine.calls.at(-2), `restore ${turn?.id ?? ""}`);
    assert.equal(turn?.user, "green");
  });

  it("takes the pins along into a new one when asked", async () => {
    const window = openWindow();
    for (const text of ["one", "two", "three"]) await window.say(text);
    await window.controller.receive({ type: "pin", id: window.controller.turns[1]?.id ?? "" });
    window.host.newConversation = "keepPins";
    await window.controller.receive({ type: "newConversation" });
    const [pinned] = window.controller.turns;
    assert.deepEqual(
      window.controller.turns.map(({ user, pinned }) => [user, pinned]),
      [["two", true]],
    );
    assert.equal(window.engine.calls.at(-1), `restore ${pinned?.id ?? ""}`);
    await window.say("four");
    assert.deepEqual(
      (await window.library.read(window.keeper.presentId ?? "")).map(({ user }) => user),
      ["two", "four"],
    );
    assert.deepEqual((await titles(window)).sort(), ["one", "two"]);
  });
});
