import assert from "node:assert/strict";
import { ConversationSearch } from "../../src/chat/conversationSearch.ts";
import { dayGroupOf } from "../../src/chat/dayGroups.ts";
import { foldWord, searchWords } from "../../src/chat/searchWords.ts";
import { storedTurnOf } from "../../src/chat/turnRecorder.ts";
import type { StoredTurn } from "../../src/storage/storedTurn.ts";
import { sampleTurn } from "../fixtures/panel/sampleTurns.ts";

const turn = (user: string, reply: string): StoredTurn => storedTurnOf(sampleTurn(user, user, reply));

describe("search over all conversations", () => {
  const stored = new Map<string, StoredTurn[]>();
  const reads: string[] = [];
  let search: ConversationSearch;
  const listed = (usedAt = 1): { id: string; title: string; usedAt: number }[] =>
    [...stored.keys()].map((id) => ({ id, title: `Title ${id}`, usedAt }));
  const ids = (query: string): string[] => search.search(query).map(({ id }) => id);

  beforeEach(() => {
    stored.clear();
    reads.length = 0;
    stored.set("caches", [turn("What is the green cache?", "It is 47."), turn("And planEviction?", "It frees turns.")]);
    stored.set("queues", [turn("How long is the red queue?", "Äußerst lang. ".repeat(900))]);
    stored.set("日本", [turn("日本語の文章はどこですか", "ここです。")]);
    search = new ConversationSearch((id) => {
      reads.push(id);
      const turns = stored.get(id);
      return turns === undefined ? Promise.reject(new Error("gone")) : Promise.resolve(turns);
    });
  });

  it("finds words anywhere in a turn, beginnings, parts of names, slips of the pen, and other scripts", async () => {
    await search.update(listed());
    assert.deepEqual(ids("green 47"), ["caches"]);
    assert.deepEqual(ids("evict"), ["caches"]);
    assert.deepEqual(ids("eviktion"), ["caches"]);
    assert.deepEqual(ids("ausserst que"), ["queues"]);
    assert.deepEqual(ids("Außerst"), ["queues"]);
    assert.deepEqual(ids("文章"), ["日本"]);
    assert.deepEqual(ids("green queue"), [], "all words in one turn");
    assert.deepEqual(ids("title queues"), ["queues"]);
    assert.deepEqual(ids("?!"), []);
  });

  it("shows the place", async () => {
    await search.update(listed());
    assert.deepEqual(search.search("cache")[0]?.excerpt, "What is the green cache? It is 47.");
    const [hit] = search.search("lang");
    assert.match(hit?.excerpt ?? "", /^…?.*lang/);
    assert.ok((hit?.excerpt.length ?? 0) <= 122);
  });

  it("reads again only what has changed, and forgets what is gone", async () => {
    await search.update(listed());
    await search.update(listed());
    assert.equal(reads.length, 3);
    stored.set("caches", [turn("Only pins now", "Yes.")]);
    stored.delete("queues");
    await search.update([{ id: "caches", title: "Title caches", usedAt: 2 }, ...listed().slice(1)]);
    assert.deepEqual(reads.slice(3), ["caches"]);
    assert.deepEqual([ids("green"), ids("pins"), ids("lang"), ids("文章")], [[], ["caches"], [], ["日本"]]);
    await search.update([{ id: "caches", title: "Attic", usedAt: 2 }]);
    assert.deepEqual(ids("attic"), ["caches"]);
  });

  it("goes on where one cannot be read", async () => {
    await search.update([{ id: "broken", title: "Broken", usedAt: 1 }, ...listed()]);
    assert.deepEqual(ids("green"), ["caches"]);
  });

  it("leaves the event loop free while it reads a long history", async () => {
    for (let day = 0; day < 60; day += 1) {
      stored.set(
        `day ${day}`,
        Array.from({ length: 20 }, (_, index) => turn(`q${day} ${index}`, `word${index} `.repeat(150))),
      );
    }
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 0);
    await search.update(listed());
    clearInterval(ticking);
    assert.ok(turns > 100, `${turns} other things were done meanwhile`);
    assert.deepEqual(ids("q59 word19"), ["day 59"]);
  });
});

describe("words for a search", () => {
  it("are those of people and of code", () => {
    assert.deepEqual(searchWords("const planEviction2 = HTTPServer_x;"), [
      ...["const", "planEviction2", "plan", "Eviction", "2"],
      ...["HTTPServer_x", "HTTP", "Server", "x"],
    ]);
    assert.deepEqual(searchWords("日本語"), ["日本", "本語"]);
    assert.equal(foldWord("ÄRGER"), "arger");
  });
});

describe("days of the list", () => {
  const at = (text: string): number => new Date(text).getTime();
  it("go by the local calendar", () => {
    const now = at("2026-03-05T00:10:00");
    assert.equal(dayGroupOf(at("2026-03-05T00:00:00"), now), "today");
    assert.equal(dayGroupOf(at("2026-03-04T23:59:59"), now), "yesterday");
    assert.equal(dayGroupOf(at("2026-03-04T00:00:00"), now), "yesterday");
    assert.equal(dayGroupOf(at("2026-03-03T23:59:59"), now), "earlier");
    assert.equal(dayGroupOf(at("2026-03-06T08:00:00"), now), "today", "a clock that was set back");
  });
});
