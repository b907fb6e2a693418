import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConversationStore } from "../../src/storage/conversationStore.ts";
import type { JournalRecord } from "../../src/storage/journalRecord.ts";
import { deleteConversations, measureDiskUse, trimDiskUse } from "../../src/storage/diskUse.ts";
import { allStorageFolders, workspaceStorageFolder } from "../../src/storage/storageFolders.ts";
import type { StoredConversation } from "../../src/storage/storedConversation.ts";
import { killedTurn } from "../scripts/killedTurn.ts";

describe("the conversations of a workspace", function () {
  this.timeout(30_000);
  let folder: string;
  const failures: unknown[] = [];
  const opened: StoredConversation[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "daylong-störe-"));
    failures.length = 0;
  });
  afterEach(async () => {
    for (const conversation of opened.splice(0)) await conversation.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const newStore = (): ConversationStore =>
    new ConversationStore({
      folder,
      workspace: "vscode-remote://ssh-remote+host/home/ä",
      now: () => 1_700_000_000_000,
      onDidFail: (error) => failures.push(error),
      onDidLose: () => assert.fail("a lock was lost"),
      reloadPatience: 300,
    });

  async function openCurrent(store = newStore()): Promise<StoredConversation> {
    const conversation = await store.openCurrent();
    opened.push(conversation);
    return conversation;
  }

  function say(conversation: StoredConversation, id: string): void {
    conversation.append({ kind: "turn", turn: killedTurn(id, 0) });
    conversation.append({ kind: "text", id, channel: "reply", offset: 0, text: `reply of ${id}` });
    conversation.append({ kind: "change", id, change: { reply: `reply of ${id}`, status: "done" } });
  }

  const ids = (conversation: StoredConversation): string[] => conversation.turns.map(({ id }) => id);

  it("opens the one that was open last", async () => {
    const first = await openCurrent();
    say(first, "a");
    await first.close();
    const second = await openCurrent();
    assert.deepEqual([second.id, ids(second)], [first.id, ["a"]]);
    assert.equal(second.header.workspace, "vscode-remote://ssh-remote+host/home/ä");
    if (process.platform !== "win32") assert.equal(statSync(second.folder).mode & 0o777, 0o700);
  });

  it("leaves nothing of a conversation without a word", async () => {
    const conversation = await openCurrent();
    await conversation.close();
    assert.equal(existsSync(conversation.folder), false);
  });

  it("stays with a new conversation although nothing was said in it", async () => {
    const store = newStore();
    const first = await openCurrent(store);
    say(first, "a");
    const next = await store.openNew();
    opened.push(next);
    await first.close();
    await next.close();
    const again = await openCurrent();
    assert.deepEqual([again.id, ids(again)], [next.id, []]);
  });

  it("gives a second window its own conversation, and gives it back to it after a reload", async () => {
    const first = await openCurrent();
    say(first, "a");
    const secondStore = newStore();
    const second = await openCurrent(secondStore);
    assert.ok(secondStore.isBeside && second.id !== first.id);
    say(second, "b");
    await second.close();
    const reloaded = await openCurrent();
    assert.deepEqual([reloaded.id, ids(reloaded)], [second.id, ["b"]]);
    await first.close();
    const alone = await openCurrent();
    assert.equal(alone.id, first.id);
  });

  it("waits for the conversation of a window that is being closed", async () => {
    const first = await openCurrent();
    say(first, "a");
    const opening = openCurrent();
    await first.close();
    assert.equal((await opening).id, first.id);
  });

  it("marks a reply that was cut off, and keeps it as far as it came", async () => {
    const first = await openCurrent();
    first.append({ kind: "turn", turn: killedTurn("a", 0) });
    first.append({ kind: "text", id: "a", channel: "reply", offset: 0, text: "so far" });
    await first.close();
    for (let times = 0; times < 2; times++) {
      const again = await openCurrent();
      const [turn] = again.turns;
      assert.deepEqual([turn?.reply, turn?.status, turn?.note], ["so far", "stopped", "interrupted"]);
      await again.close();
    }
  });

  it("gives a reply back that was to be replaced when everything died before a word of the new one", async () => {
    const asked = { status: "pending" as const, reply: "", note: "" as const };
    const replies = async (...records: JournalRecord[]): Promise<unknown[]> => {
      rmSync(folder, { recursive: true });
      const first = await openCurrent();
      first.append({ kind: "turn", turn: { ...killedTurn("a", 0), reply: "old", status: "done" } });
      first.append({ kind: "tokens", id: "a", tokens: [1, 2] });
      first.append({ kind: "change", id: "a", change: asked });
      for (const record of records) first.append(record);
      await first.close();
      const results = [];
      for (let times = 0; times < 2; times++) {
        const again = await openCurrent();
        const [turn] = again.turns;
        results.push([turn?.reply, turn?.status, again.replyTokens("a")]);
        await again.close();
      }
      assert.deepEqual(results[0], results[1]);
      return results[0] ?? [];
    };
    assert.deepEqual(await replies(), ["old", "done", [1, 2]]);
    assert.deepEqual(await replies({ kind: "text", id: "a", channel: "reply", offset: 0, text: "new" }), [
      "new",
      "stopped",
      undefined,
    ]);
    const edit = { ...asked, user: "another message" };
    assert.deepEqual(await replies({ kind: "change", id: "a", change: edit }), ["", "stopped", undefined]);
  });

  it("mends a damaged journal, reports it once, and keeps the damaged one", async () => {
    const first = await openCurrent();
    for (const id of ["a", "b", "c"]) say(first, id);
    await first.close();
    const path = join(first.folder, "journal.jsonl");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace("reply of b", "reply if b"));
    const damaged = await openCurrent();
    assert.equal(damaged.report.damagedLines, 1);
    assert.deepEqual(
      damaged.turns.map(({ reply }) => reply),
      ["reply of a", "reply of b", "reply of c"],
    );
    await damaged.close();
    assert.ok(readFileSync(join(first.folder, "journal.damaged.jsonl"), "utf8").includes("reply if b"));
    const mended = await openCurrent();
    assert.deepEqual([mended.report.damagedLines, mended.report.missingRecords, ids(mended)], [0, 0, ["a", "b", "c"]]);
  });

  it("goes on behind a torn record", async () => {
    const first = await openCurrent();
    say(first, "a");
    await first.close();
    appendFileSync(join(first.folder, "journal.jsonl"), '{"v":1,"seq":99,"su');
    const torn = await openCurrent();
    assert.deepEqual([torn.report.torn, torn.report.damagedLines], [true, 0]);
    say(torn, "b");
    await torn.close();
    const again = await openCurrent();
    assert.deepEqual([again.report.torn, again.report.damagedLines, ids(again)], [false, 0, ["a", "b"]]);
  });

  it("opens the newest when the note of the current one is damaged", async () => {
    const first = await openCurrent();
    say(first, "a");
    await first.close();
    for (const damage of ["", "{", '{"version":1,"id":"../../etc"}']) {
      writeFileSync(join(folder, "current.json"), damage);
      const again = await openCurrent();
      assert.equal(again.id, first.id);
      await again.close();
    }
  });

  it("lists them, newest first, with the first words", async () => {
    const store = newStore();
    const first = await openCurrent(store);
    say(first, "a");
    await first.close();
    utimesSync(join(first.folder, "journal.jsonl"), 1, 1);
    const second = await store.openNew();
    opened.push(second);
    say(second, "b");
    await second.flush();
    const list = await store.list();
    assert.deepEqual(
      list.map(({ id, title, isOpen }) => [id, title, isOpen]),
      [
        [second.id, "b version 0", true],
        [first.id, "a version 0", false],
      ],
    );
    assert.equal(await newStore().open(second.id), undefined);
  });

  it("settings are kept where they change", async () => {
    const conversation = await openCurrent();
    const settings = { model: "/m.gguf", contextSize: 0, systemPrompt: "S", temperature: 0, maxTokens: 9 };
    for (const id of ["a", "b", "c"]) {
      say(conversation, id);
      conversation.append({ kind: "settings", id, settings: { ...settings, temperature: id === "c" ? 1 : 0 } });
    }
    await conversation.close();
    const text = readFileSync(join(conversation.folder, "journal.jsonl"), "utf8");
    assert.equal(text.split('"kind":"settings"').length, 3);
  });

  it("works in memory where nothing can be written, and says so", async function () {
    if (process.getuid?.() === 0 || process.platform === "win32") {
      // Nothing is read-only for root: a file in the place of the folder refuses as well.
      writeFileSync(join(folder, "conversations"), "");
    } else {
      chmodSync(folder, 0o500);
    }
    const conversation = await openCurrent();
    say(conversation, "a");
    await conversation.flush();
    assert.deepEqual([ids(conversation), failures.length], [["a"], 1]);
  });

  describe("on disk", () => {
    async function withSnapshot(name: string, bytes: number, usedAt: number): Promise<StoredConversation> {
      const store = newStore();
      const conversation = await store.openNew();
      opened.push(conversation);
      say(conversation, name);
      await conversation.flush();
      writeFileSync(`${conversation.snapshotPath}.json`, "{}");
      writeFileSync(`${conversation.snapshotPath}.0.cells`, Buffer.alloc(bytes));
      writeFileSync(`${conversation.snapshotPath}.lock`, "1");
      utimesSync(join(conversation.folder, "journal.jsonl"), usedAt, usedAt);
      return conversation;
    }
    const hasSnapshot = ({ snapshotPath }: StoredConversation): boolean => existsSync(`${snapshotPath}.0.cells`);

    it("snapshots go, oldest first, never text, never what is open, the present one's last", async () => {
      const [old, newer, open, present] = [
        await withSnapshot("old", 100_000, 1_000),
        await withSnapshot("newer", 100_000, 2_000),
        await withSnapshot("open", 100_000, 3_000),
        await withSnapshot("present", 100_000, 4_000),
      ];
      await old.close();
      await newer.close();
      const trim = (limit: number) => trimDiskUse([folder, folder], limit, present.folder);
      assert.equal((await measureDiskUse([folder])).snapshotBytes, 400_008);
      assert.deepEqual([(await trim(500_000)).removedBytes, hasSnapshot(old)], [0, true]);
      const once = await trim(350_000);
      assert.deepEqual(
        [once.removedBytes, once.isOver, [old, newer, open, present].map(hasSnapshot)],
        [100_002, false, [false, true, true, true]],
      );
      const all = await trim(0);
      assert.deepEqual([all.isOver, [newer, open, present].map(hasSnapshot)], [true, [false, true, false]]);
      assert.ok([old, newer, open, present].every((each) => existsSync(join(each.folder, "journal.jsonl"))));
      assert.equal(all.bytes, (await measureDiskUse([folder])).bytes);
    });

    it("all data is deleted but what other windows have open", async () => {
      const [gone, open, present] = [
        await withSnapshot("gone", 10, 1_000),
        await withSnapshot("open", 10, 2_000),
        await withSnapshot("present", 10, 3_000),
      ];
      await gone.close();
      assert.deepEqual(await deleteConversations([folder], present.folder), { conversations: 1, kept: 1 });
      assert.deepEqual(
        [gone, open, present].map((each) => existsSync(each.folder)),
        [false, true, true],
      );
    });

    it("each workspace has its own folder, and all are known", async () => {
      const workspaces = ["", "file:///a", "file:///A", "vscode-remote://ssh-remote+host/a"];
      const folders = workspaces.map((workspace) => workspaceStorageFolder(folder, workspace));
      assert.equal(new Set(folders).size, 4);
      assert.deepEqual(await allStorageFolders(folder), []);
      for (const each of folders) mkdirSync(each, { recursive: true });
      assert.deepEqual((await allStorageFolders(folder)).sort(), folders.sort());
    });
  });
});
