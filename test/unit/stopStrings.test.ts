import assert from "node:assert/strict";
import type { ChatTemplate } from "../../src/conversation/chatTemplate.ts";
import { ReplyParser } from "../../src/conversation/replyParser.ts";
import { chatMl } from "../fixtures/chatMl.ts";
import { ConversationHarness } from "../fixtures/conversationHarness.ts";

async function send(
  harness: ConversationHarness,
  turnId: string,
  stopStrings: readonly string[] = [],
): ReturnType<ConversationHarness["conversation"]["send"]> {
  const parts = [harness.part(`${turnId}.text`, "What now?")];
  harness.userParts.set(turnId, parts);
  harness.startReply();
  const outcome = await harness.conversation.send(turnId, parts, harness.settings({ stopStrings }));
  harness.replies.set(turnId, outcome.text);
  return outcome;
}

function shownText(harness: ConversationHarness): string {
  return harness.events
    .filter((event) => event.startsWith("reply a "))
    .map((event) => event.slice("reply a ".length))
    .join("");
}

function replyInCache(harness: ConversationHarness, id = "a.reply"): string {
  const segment = harness.conversation.cache.content(id);
  return harness.tokenizer.decode(segment?.tokens ?? [], [], false);
}

describe("stop strings", () => {
  it("end the reply where they begin, spread over tokens, and are never shown", async () => {
    const harness = new ConversationHarness({ script: () => "Use a map.\n### Next: nothing" });
    const outcome = await send(harness, "a", ["### Next"]);
    assert.equal(outcome.stopReason, "stopString");
    assert.equal(outcome.text, "Use a map.\n");
    assert.equal(shownText(harness), "Use a map.\n");
    harness.assertInvariants();
    assert.equal(replyInCache(harness), "Use a map.\n");
  });

  it("that begin inside a token leave the token's front, in the text and in the cache, once the next message comes", async () => {
    const harness = new ConversationHarness({
      words: ["ap.##", "# Next"],
      script: () => "Use a map.### Next: nothing",
    });
    const outcome = await send(harness, "a", ["### Next"]);
    assert.equal(outcome.text, "Use a map.");
    assert.equal(shownText(harness), "Use a map.");
    assert.equal(harness.conversation.cache.floating, 0, "the cells of the stop string are gone");
    assert.equal(replyInCache(harness), "Use a m", "the front of the token is still owed");
    await send(harness, "b");
    assert.equal(replyInCache(harness), "Use a map.");
    harness.assertInvariants();
    assert.equal(harness.conversation.cache.reprocessed, 0);
  });

  it("leave the front of the token owed in a snapshot", async () => {
    const harness = new ConversationHarness({ words: ["p.#"], script: () => "Use a map.# no" });
    await send(harness, "a", ["#"]);
    const saved = await harness.conversation.settle((state) => Promise.resolve(structuredClone(state)));
    const reply = saved?.segments.find((segment) => segment.key === "a.reply");
    const tokens = [...(reply?.tokens ?? []), ...(saved?.owed?.tokens ?? [])];
    assert.equal(harness.tokenizer.decode(tokens, [], false), "Use a map.");
    await send(harness, "b");
    assert.equal(replyInCache(harness), "Use a map.");
    harness.assertInvariants();
  });

  it("hold back what might become one, and give it out when it does not", async () => {
    const harness = new ConversationHarness({ script: () => "a # b ## c ### done" });
    const outcome = await send(harness, "a", ["####"]);
    assert.equal(outcome.stopReason, "end");
    assert.equal(shownText(harness), "a # b ## c ### done");
  });

  it("the first of several counts; empty ones and those in a thought do not", async () => {
    const harness = new ConversationHarness({ script: () => "<think>one STOP two</think>\n\nyes END no STOP" });
    const outcome = await send(harness, "a", ["", "STOP", "END"]);
    assert.equal(outcome.thought, "one STOP two");
    assert.equal(outcome.text, "yes ");
    harness.assertInvariants();
  });

  it("do not keep a reply from being continued", async () => {
    let said = "first STOP";
    const harness = new ConversationHarness({ words: ["t S"], script: () => said });
    assert.equal((await send(harness, "a", ["STOP"])).text, "first ");
    said = "and second";
    harness.startReply();
    const more = await harness.conversation.continueReply(harness.settings());
    assert.equal(more.text, "and second");
    assert.equal(replyInCache(harness), "first and second");
    harness.replies.set("a", "first and second");
    harness.assertInvariants();
  });

  it("end a side question too", async () => {
    const harness = new ConversationHarness({ script: () => "Noted." });
    await send(harness, "a");
    harness.detourScript = "It is 4.;;More";
    const outcome = await harness.conversation.detour("d", "¿what?", harness.settings({ stopStrings: [";;"] }));
    assert.equal(outcome.text, "It is 4.");
    assert.equal(outcome.stopReason, "stopString");
    harness.assertInvariants();
  });

  it("of the template that begin inside a token leave the reply whole", async () => {
    const template: ChatTemplate = { ...chatMl, stopStrings: ["[END OF TURN]"] };
    const harness = new ConversationHarness({ template, words: ["s.[END"], script: () => "Yes.[END OF TURN]" });
    assert.equal((await send(harness, "a")).text, "Yes.");
    await send(harness, "b");
    assert.equal(replyInCache(harness), "Yes.");
    assert.equal(harness.conversation.cache.reprocessed, 0);
  });

  it("are found however the text is cut into tokens", () => {
    const text = "some words before the END_OF_IT and words behind";
    for (let width = 1; width < 24; width++) {
      const parser = new ReplyParser([], [], undefined);
      parser.stopAt(["END_OF_IT"]);
      let seen = "";
      for (const [index, piece] of (text.match(new RegExp(`[^]{1,${width}}`, "g")) ?? []).entries()) {
        if (parser.ended) break;
        for (const out of parser.push([index], piece)) if (out.kind === "reply") seen += out.text;
      }
      assert.ok(parser.ended, `width ${width}`);
      assert.equal(seen, "some words before the ", `width ${width}`);
    }
  });
});
