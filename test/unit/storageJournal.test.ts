import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  symlinkSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  mkdirSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JournalRecord } from "../../src/storage/journalRecord.ts";
import { encodeRecord } from "../../src/storage/journalRecord.ts";
import { JournalContent } from "../../src/storage/journalContent.ts";
import { JournalWriter } from "../../src/storage/journalWriter.ts";
import { readJournal } from "../../src/storage/readJournal.ts";
import type { StoredTurn } from "../../src/storage/storedTurn.ts";
import { killedTurn } from "../scripts/killedTurn.ts";

const header: JournalRecord = {
  kind: "conversation",
  id: "c",
  createdAt: 1,
  workspace: "vscode-remote://host/ä",
  beside: false,
};
const turnRecord = (id: string): JournalRecord => ({ kind: "turn", turn: killedTurn(id, 0) });
const textRecord = (id: string, offset: number, text: string): JournalRecord => ({
  kind: "text",
  id,
  channel: "reply",
  offset,
  text,
});
const doneRecord = (id: string, reply: string): JournalRecord => ({
  kind: "change",
  id,
  change: { reply, status: "done" },
});

/** A day of twelve turns as a window writes it. */
function dayOfRecords(): JournalRecord[] {
  const turns = Array.from({ length: 12 }, (_, index) => {
    const id = `t${index}`;
    const reply = `"${index}" 🙂 \\ line\nnext ${"word ".repeat(index * 3)}`;
    return [
      turnRecord(id),
      textRecord(id, 0, reply.slice(0, 7)),
      textRecord(id, 7, reply.slice(7)),
      { kind: "tokens" as const, id, tokens: [index, 100_000 + index] },
      doneRecord(id, reply),
      ...(index < 4 ? [] : [{ kind: "erased" as const, ids: [`t${index - 4}`] }]),
    ];
  });
  return [header, ...turns.flat()];
}

function contentOf(records: readonly JournalRecord[]): readonly StoredTurn[] {
  const content = new JournalContent();
  for (const record of records) content.apply(record);
  return content.turns;
}

/** 0 … below the limit, the same for the same seed. */
function randomFrom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

describe("the journal", function () {
  this.timeout(60_000);
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "daylong-journal-"));
    path = join(folder, "journal.jsonl");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function writer(options: { compactAboveBytes?: number; onDidFail?: (error: unknown) => void } = {}): JournalWriter {
    return new JournalWriter({
      path,
      content: new JournalContent(),
      sequence: 0,
      bytes: 0,
      rewrite: false,
      onDidFail: (error) => {
        if (error !== undefined) throw error instanceof Error ? error : new Error("it cannot be written");
      },
      ...options,
    });
  }

  it("gives back what was written, in a file for its owner only", async () => {
    const records = dayOfRecords();
    const journal = writer();
    for (const record of records) journal.append(record);
    await journal.close();
    const reading = await readJournal(path);
    assert.deepEqual(reading.content.turns, contentOf(records));
    assert.deepEqual(reading.content.header, header);
    assert.deepEqual(reading.report, { damagedLines: 0, torn: false, missingRecords: 0, newer: false });
    if (process.platform !== "win32") assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it("keeps order and everything when records come while others are being written", async () => {
    const records = dayOfRecords();
    const journal = writer({ compactAboveBytes: 500 });
    for (const [index, record] of records.entries()) {
      journal.append(record);
      if (index % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await journal.close();
    const reading = await readJournal(path);
    assert.deepEqual(reading.content.turns, contentOf(records));
    assert.equal(reading.report.missingRecords, 0);
  });

  it("is written anew when it has grown, and says the same then", async () => {
    const journal = writer({ compactAboveBytes: 20_000 });
    const records = dayOfRecords();
    for (const record of records) journal.append(record);
    const whole = "a long reply, in many pieces. ".repeat(200);
    journal.append(turnRecord("long"));
    for (let offset = 0; offset < whole.length; offset += 10) {
      journal.append(textRecord("long", offset, whole.slice(offset, offset + 10)));
    }
    journal.append(doneRecord("long", whole));
    await journal.close();
    const written = records.reduce((sum, record) => sum + encodeRecord(1, record).length, 0);
    assert.ok(statSync(path).size < written + 2 * whole.length, String(statSync(path).size));
    const { content } = await readJournal(path);
    assert.deepEqual([content.turns.length, content.find("long")?.reply], [13, whole]);
  });

  it("shows an interrupted reply as far as it came", async () => {
    const journal = writer();
    for (const record of [header, turnRecord("t"), textRecord("t", 0, "half a "), textRecord("t", 7, "rep")]) {
      journal.append(record);
    }
    await journal.flush();
    assert.equal((await readJournal(path)).content.find("t")?.reply, "half a rep");
    await journal.close();
  });

  it("keeps the place of text whose record is damaged", () => {
    const [turn] = contentOf([turnRecord("t"), textRecord("t", 0, "one "), textRecord("t", 9, "three")]);
    assert.equal(turn?.reply, "one …    three");
  });

  it("keeps the tokens of a reply until another one begins, and what the model had forgotten", () => {
    const content = new JournalContent();
    for (const record of [...dayOfRecords(), { kind: "broughtBack" as const, ids: ["t2"] }]) content.apply(record);
    content.apply({ kind: "change", id: "t3", change: { status: "pending" } });
    content.apply({ kind: "removed", ids: ["t0", "t5"] });
    const again = new JournalContent();
    for (const record of content.records()) again.apply(record);
    for (const { id } of content.turns) {
      const index = Number(id.slice(1));
      assert.deepEqual(again.replyTokens(id), id === "t3" ? undefined : [index, 100_000 + index]);
      assert.equal(again.isErased(id), index < 8 && id !== "t2", id);
    }
    assert.deepEqual([again.replyTokens("t0"), again.isErased("t0")], [undefined, false]);
  });

  it("still knows, written anew, the reply that is being replaced", () => {
    const content = new JournalContent();
    for (const record of [turnRecord("a"), doneRecord("a", "old"), { kind: "tokens" as const, id: "a", tokens: [7] }]) {
      content.apply(record);
    }
    content.apply({ kind: "change", id: "a", change: { status: "pending", reply: "" } });
    const again = new JournalContent();
    for (const record of content.records()) again.apply(record);
    for (const one of [content, again]) {
      assert.deepEqual([one.find("a")?.reply, one.find("a")?.status], ["", "pending"]);
      const before = one.replacedReply("a");
      assert.deepEqual([before?.turn.reply, before?.tokens], ["old", [7]]);
    }
    again.apply(doneRecord("a", "new"));
    assert.equal(again.replacedReply("a"), undefined);
  });

  it("forgets what was erased, and keeps pins, edits and settings", () => {
    const content = new JournalContent();
    const settings = { model: "/m.gguf", contextSize: 0, systemPrompt: "S", temperature: 0, maxTokens: 9 };
    for (const record of [
      header,
      turnRecord("a"),
      turnRecord("b"),
      { kind: "settings", id: "b", settings },
      { kind: "change", id: "b", change: { pinned: true, user: "edited", reply: "" } },
      { kind: "removed", ids: ["a"] },
    ] satisfies JournalRecord[]) {
      content.apply(record);
    }
    assert.deepEqual(
      content.turns.map(({ id, pinned, user }) => [id, pinned, user]),
      [["b", true, "edited"]],
    );
    const again = new JournalContent();
    for (const record of content.records()) again.apply(record);
    assert.deepEqual([again.turns, again.header, again.lastSettings], [content.turns, header, settings]);
  });

  it("reads files cut at random places: all that was finished before the cut is there", async () => {
    const records = dayOfRecords();
    const lines = records.map((record, index) => Buffer.from(encodeRecord(index + 1, record)));
    const bytes = Buffer.concat(lines);
    for (let seed = 1; seed <= 400; seed++) {
      const cut = randomFrom(seed)(bytes.length + 1);
      writeFileSync(path, bytes.subarray(0, cut));
      const { content, report } = await readJournal(path);
      let end = 0;
      const whole = lines.findIndex((line) => (end += line.length) > cut);
      const expected = records.slice(0, whole < 0 ? records.length : whole);
      // Of a record that lacks only its line break nothing is missing.
      const alsoGood = records.slice(0, expected.length + 1);
      const isExact = JSON.stringify(content.turns) === JSON.stringify(contentOf(expected));
      assert.ok(isExact || JSON.stringify(content.turns) === JSON.stringify(contentOf(alsoGood)), `seed ${seed}`);
      assert.equal(report.damagedLines, 0, `seed ${seed}`);
    }
  });

  it("reads files with flipped, lost and invented bytes: never a failure, never a false word, no turn before lost", async () => {
    const records = dayOfRecords();
    const lines = records.map((record, index) => Buffer.from(encodeRecord(index + 1, record)));
    const bytes = Buffer.concat(lines);
    let reported = 0;
    for (let seed = 1; seed <= 600; seed++) {
      const random = randomFrom(seed);
      let damaged = Buffer.from(bytes);
      let first = bytes.length;
      for (let times = 1 + random(4); times > 0; times--) {
        const place = random(damaged.length);
        first = Math.min(first, place);
        const kind = random(3);
        if (kind === 0) damaged.writeUInt8(damaged.readUInt8(place) ^ (1 << random(8)), place);
        if (kind === 1)
          damaged = Buffer.concat([damaged.subarray(0, place), damaged.subarray(place + 1 + random(300))]);
        if (kind === 2) {
          const invented = Buffer.from(Array.from({ length: 1 + random(40) }, () => random(256)));
          damaged = Buffer.concat([damaged.subarray(0, place), invented, damaged.subarray(place)]);
        }
      }
      writeFileSync(path, damaged);
      const { content, report } = await readJournal(path);
      if (report.damagedLines > 0 || report.torn || report.missingRecords > 0) reported += 1;
      let end = 0;
      const wholeLines = lines.findIndex((line) => (end += line.length) > first);
      const before = contentOf(records.slice(0, wholeLines < 0 ? records.length : wholeLines));
      for (const turn of before.filter(({ status }) => status === "done")) {
        assert.deepEqual(content.find(turn.id), turn, `seed ${seed}`);
      }
      const told = new Map(contentOf(records).map((turn) => [turn.id, turn]));
      for (const turn of content.turns.filter(({ status }) => status === "done")) {
        assert.deepEqual(turn, told.get(turn.id), `seed ${seed}`);
      }
    }
    assert.ok(reported > 590, `${reported} of 600 were noticed`);
  });

  it("reads what is no journal at all", async () => {
    const random = randomFrom(1);
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from("\n\n"),
      Buffer.from(Array.from({ length: 5_000 }, () => random(256))),
    ]) {
      writeFileSync(path, bytes);
      assert.deepEqual((await readJournal(path)).content.turns, []);
    }
  });

  it("says of what a newer Daylong has written that it is newer, not that it is damaged", async () => {
    const body = JSON.stringify({ kind: "hologram" });
    const sum = createHash("sha256").update(`2:2:${body}`).digest("hex").slice(0, 16);
    writeFileSync(path, `${encodeRecord(1, header)}{"v":2,"seq":2,"sum":"${sum}","record":${body}}\n`);
    const { report } = await readJournal(path);
    assert.deepEqual([report.newer, report.damagedLines], [true, 0]);
    writeFileSync(path, encodeRecord(1, header).replace('"v":1', '"v":2'));
    assert.equal((await readJournal(path)).report.damagedLines, 1, "the checksum is over the version too");
  });

  it("writes everything once the disk takes it again, and says so once each", async () => {
    const failures: boolean[] = [];
    mkdirSync(path); // a folder in its place: nothing can be written there
    const journal = writer({ onDidFail: (error) => failures.push(error !== undefined) });
    for (const record of dayOfRecords()) journal.append(record);
    await journal.flush();
    await journal.flush();
    assert.deepEqual(failures, [true]);
    rmSync(path, { recursive: true });
    journal.append(turnRecord("after"));
    await journal.flush();
    assert.deepEqual(failures, [true, false]);
    await journal.close();
    const { content, report } = await readJournal(path);
    assert.deepEqual([content.turns.length, report.damagedLines, report.missingRecords], [13, 0, 0]);
    assert.ok(existsSync(path) && readFileSync(path, "utf8").endsWith("\n"));
  });

  // Linux has a file on which the disk is always full.
  if (existsSync("/dev/full")) {
    it("loses nothing when the disk is full", async () => {
      const failures: unknown[] = [];
      symlinkSync("/dev/full", path);
      const journal = writer({ onDidFail: (error) => failures.push(error) });
      const records = dayOfRecords();
      for (const record of records) journal.append(record);
      await journal.flush();
      assert.match(String(failures[0]), /ENOSPC/);
      // By now there is room: the journal is written as a whole, beside the old one.
      await journal.close();
      assert.deepEqual([failures.length, failures[1]], [2, undefined]);
      assert.deepEqual((await readJournal(path)).content.turns, contentOf(records));
    });
  }
});
