import assert from "node:assert/strict";
import type { Token } from "../../src/conversation/tokenSequence.ts";
import type { RememberedTurn } from "../../src/engine/engine.ts";
import { promptOf } from "../fixtures/engine/prompts.ts";
import { WatchedEngine } from "../fixtures/engine/watchedEngine.ts";

const reply = "Noted: the green cache is 47.";

describe("the tokens of a reply, kept for a restart", () => {
  let watched: WatchedEngine;
  before(async () => {
    watched = await WatchedEngine.open();
  });
  beforeEach(() => watched.start());
  after(() => watched.engine.dispose());

  /** One character at a time: the same text, cut into more tokens than the vocabulary would. */
  const spelledOut = (): Token[] => Array.from(reply).flatMap((character) => watched.encode(character, false));

  /** The tokens that stand in the cache for the reply when it is brought back with these. */
  async function restored(replyTokenIds: readonly Token[]): Promise<readonly Token[] | undefined> {
    const turn: RememberedTurn = {
      turnId: "a",
      parts: [{ id: "a.text", kind: "text", text: "Remember that the green cache is 47." }],
      reply,
      replyTokenIds,
      pinned: false,
    };
    // The newest reply still owes its last token.
    const newer = { turnId: "b", parts: [{ id: "b.text", kind: "text" as const, text: "Thanks." }], reply: "Yes." };
    await watched.engine.restore([turn, { ...newer, pinned: false }]);
    const tokens = watched.conversation.cache.segments.flatMap((segment) => segment.tokens);
    assert.deepEqual(watched.engine.opened.sequence.tokens, tokens);
    return watched.conversation.cache.content("a.reply")?.tokens;
  }

  it("are told with each reply, also with one that was stopped and gone on with", async () => {
    for (const turn of [0, 1, 2]) {
      const result = await watched.send(`t${turn}`, promptOf(turn), watched.greedy({ stopAfter: 4 }));
      assert.equal(result.replyTokenIds.length, 4);
      const whole = await watched.continueReply();
      assert.deepEqual(whole.replyTokenIds.slice(0, 4), result.replyTokenIds);
      assert.deepEqual(whole.replyTokenIds, watched.conversation.cache.content(`t${turn}.reply`)?.tokens);
    }
  });

  it("are evaluated again as they were, not as the text would be cut now", async () => {
    const tokens = spelledOut();
    assert.ok(tokens.length > watched.encode(reply, false).length);
    assert.deepEqual(await restored(tokens), tokens);
  });

  it("are not used where they spell something else, are special, or are none of this vocabulary", async () => {
    const plain = watched.encode(reply, false);
    const special = watched.encode("<|im_end|>", true);
    for (const tokens of [plain.slice(1), [...special, ...plain], [...plain, 2 ** 30], [-1, ...plain]]) {
      await watched.start();
      assert.deepEqual(await restored(tokens), plain);
    }
  });
});
