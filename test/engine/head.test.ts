import assert from "node:assert/strict";
import { temporaryFolder } from "../fixtures/gguf/temporaryFolder.ts";
import { promptOf } from "../fixtures/engine/prompts.ts";
import { readState } from "../fixtures/engine/stateFile.ts";
import { WatchedEngine } from "../fixtures/engine/watchedEngine.ts";

describe("the head after 100 evictions", () => {
  const path = temporaryFolder();
  let watched: WatchedEngine;
  before(async () => {
    watched = await WatchedEngine.open();
  });
  after(() => watched.engine.dispose());

  it("holds the same tokens and, bit for bit, the same K", async () => {
    await watched.send("first", "Hello!");
    const { headTokens } = watched.conversation;
    assert(headTokens >= 4, `${headTokens} tokens`);
    const early = await readState(watched.librarySequence, path("early"));
    assert.equal(early.keys.length, 4, "layers");

    const page = "The green cache is 47. The loud window is 66. ".repeat(6);
    for (let turn = 1; watched.moves.length < 100; turn++) {
      await watched.send(`t${turn}`, page + promptOf(turn), watched.greedy({ maxTokens: 8 }));
    }
    // Keys are rotated in the decode that follows an erase, and a reply has followed the last one.
    const late = await readState(watched.librarySequence, path("late"));

    assert.deepEqual(late.tokens.slice(0, headTokens), early.tokens.slice(0, headTokens));
    early.keys.forEach((layer, index) => {
      for (let position = 0; position < headTokens; position++) {
        const key = layer[position];
        assert(key?.length === 256, "128 values of 16 bits");
        assert(late.keys[index]?.[position]?.equals(key), `layer ${index}, position ${position}`);
      }
    });
    watched.assertInvariants();
  });

  it("would be told apart by this comparison if it had been moved", async () => {
    await watched.engine.reset();
    await watched.send("a", promptOf(2));
    await watched.send("b", promptOf(3));
    await watched.remember("b", "pin");
    const place = (): number => {
      const { segments } = watched.conversation.cache;
      const index = segments.findIndex((segment) => segment.key === "b.text");
      return segments.slice(0, index).reduce((sum, segment) => sum + segment.tokens.length, 0);
    };
    const from = place();
    const before = await readState(watched.librarySequence, path("before"));
    for (let turn = 4; place() === from; turn++) await watched.send(`c${turn}`, promptOf(turn));
    const to = place();
    const after = await readState(watched.librarySequence, path("after"));

    assert.equal(after.tokens[to], before.tokens[from], "the same token");
    before.keys.forEach((layer, index) => {
      const [key, moved] = [layer[from], after.keys[index]?.[to]];
      assert(key !== undefined && moved !== undefined && !key.equals(moved), "at another place, with other bytes");
    });
  });
});
