import assert from "node:assert/strict";
import type { ConversationState } from "../../src/conversation/conversationState.ts";
import type { PastTurn } from "../../src/conversation/conversationTypes.ts";
import { ConversationHarness } from "../fixtures/conversationHarness.ts";

const letters = (count: number): string =>
  Array.from({ length: count }, (_, index) => String.fromCharCode(97 + ((index * 11) % 26))).join("");

const past = (harness: ConversationHarness, turnId: string, reply: string, pinned = false): PastTurn => {
  const parts = [harness.part(`${turnId}.text`, `Message ${turnId}.`)];
  harness.userParts.set(turnId, parts);
  return { turnId, parts, reply, pinned };
};

async function send(harness: ConversationHarness, turnId: string, limits: object = {}): Promise<string> {
  const { parts } = past(harness, turnId, "");
  harness.startReply();
  const { text } = await harness.conversation.send(turnId, parts, harness.settings(limits));
  harness.replies.set(turnId, text);
  return text;
}

/** Another process: the same cells, and what the snapshot's books say. Nothing was decoded in it yet. */
async function reopened(harness: ConversationHarness, script: () => string): Promise<ConversationHarness> {
  const books = await harness.conversation.settle((state) => Promise.resolve(JSON.stringify(state)));
  const other = new ConversationHarness({ script });
  other.sequence.cells = harness.sequence.cells.map((cell) => ({ ...cell }));
  other.conversation.adopt(JSON.parse(books ?? "") as ConversationState);
  for (const [id, parts] of harness.userParts) other.userParts.set(id, parts);
  return other;
}

describe("a conversation that is brought back from its snapshot", () => {
  it("goes on with a reply that was stopped later than the transcript tells, and computes nothing twice", async () => {
    const first = new ConversationHarness({ script: () => letters(60) });
    await send(first, "a");
    const written = await send(first, "b", { stopAfter: 30 });
    assert.equal(written, letters(30));
    const second = await reopened(first, () => letters(60).slice(30));
    const told = [past(second, "a", letters(60)), past(second, "b", letters(12))];
    const answer = await second.conversation.restore(told);
    assert.deepEqual([answer?.text, answer?.stopReason], [letters(30), "stopped"]);
    assert.deepEqual(answer?.tokenIds, second.tokenizer.encode(letters(30), false));
    assert.equal(second.sequence.decodedTokens, 0);
    const { text } = await second.conversation.continueReply(second.settings());
    assert.equal(text, letters(60).slice(30));
    second.replies.set("a", letters(60)).set("b", letters(60));
    second.assertInvariants();
  });

  it("says of a reply that had ended that it had", async () => {
    const first = new ConversationHarness({ script: () => letters(40) });
    await send(first, "a");
    for (const told of [letters(7), letters(40)]) {
      const second = await reopened(first, () => letters(40));
      const answer = await second.conversation.restore([past(second, "a", told)]);
      assert.deepEqual([answer?.text, answer?.stopReason], [letters(40), "end"]);
      assert.equal(second.sequence.decodedTokens, 0);
      await send(second, "b");
      second.replies.set("a", letters(40));
      second.assertInvariants();
    }
  });

  it("knows all of a reply whose beginning was forgotten while it ran", async () => {
    const whole = Array.from({ length: 400 }, (_, index) => `${index} `).join("");
    const first = new ConversationHarness({ script: () => whole });
    assert.equal(await send(first, "a", { stopAfter: 900 }), whole.slice(0, 900));
    assert.ok(first.sequence.length < 512);
    const second = await reopened(first, () => whole.slice(900));
    const answer = await second.conversation.restore([past(second, "a", whole.slice(0, 880))]);
    assert.deepEqual([answer?.text, answer?.tokenIds], [whole.slice(0, 900), []]);
    await second.conversation.continueReply(second.settings({ stopAfter: 50 }));
    // What was gone on with is known to its beginning too.
    const third = await reopened(second, () => "");
    const again = await third.conversation.restore([past(third, "a", whole.slice(0, 901))]);
    assert.equal(again?.text, whole.slice(0, 950));
    assert.equal(second.sequence.decodedTokens + third.sequence.decodedTokens, 50);
    assert.equal(second.conversation.cache.reprocessed + third.conversation.cache.reprocessed, 0);
  });

  it("keeps to the transcript where that says something else", async () => {
    const first = new ConversationHarness({ script: () => letters(40) });
    await send(first, "a");
    const second = await reopened(first, () => "");
    assert.equal(await second.conversation.restore([past(second, "a", "Something else.")]), undefined);
    second.replies.set("a", "Something else.");
    second.assertInvariants();
    // The last token is owed: it goes in with what comes next.
    assert.equal(second.sequence.decodedTokens, "Something else.".length - 1);

    const third = await reopened(first, () => "");
    const turns = [past(third, "a", letters(7)), past(third, "b", "An answer to that.")];
    assert.equal(await third.conversation.restore(turns), undefined, "it was answered as it was read");
    third.replies.set("a", letters(7)).set("b", "An answer to that.");
    third.assertInvariants();
  });

  it("goes on without a token twice with a reply that only the transcript knows", async () => {
    const harness = new ConversationHarness({ script: () => " and on" });
    await harness.conversation.restore([past(harness, "a", "Yes."), past(harness, "b", "So far")]);
    const { text } = await harness.conversation.continueReply(harness.settings());
    assert.equal(text, " and on");
    harness.replies.set("a", "Yes.").set("b", "So far and on");
    harness.assertInvariants();
  });

  it("has no hole where not all that came after the snapshot fits", async () => {
    const first = new ConversationHarness({ script: () => "Short." });
    await send(first, "pin");
    await first.conversation.pin(past(first, "pin", "Short.", true));
    await send(first, "old");
    const second = await reopened(first, () => "");
    const newer = Array.from({ length: 12 }, (_, index) => past(second, `n${index}`, letters(20 + index)));
    await second.conversation.restore([past(second, "pin", "Short.", true), past(second, "old", "Short."), ...newer]);
    const ids = second.conversation.rememberedTurns.map(({ turnId }) => turnId);
    const newest = newer.map(({ turnId }) => turnId).slice(1 - ids.length);
    assert.ok(newest.length < newer.length && newest.length > 1);
    assert.deepEqual(ids, ["pin", ...newest]);
  });
});
