import assert from "node:assert/strict";
import { DaylongError } from "../../src/base/errors.ts";
import type { ChatTemplate } from "../../src/conversation/chatTemplate.ts";
import { ConversationHarness, detourMark } from "../fixtures/conversationHarness.ts";
import { chatMl } from "../fixtures/chatMl.ts";

const letters = (count: number): string =>
  Array.from({ length: count }, (_, index) => String.fromCharCode(97 + ((index * 11) % 26))).join("");

/** Sends a message that is all text, and records it. */
async function send(
  harness: ConversationHarness,
  turnId: string,
  text: string,
  limits: object = {},
): ReturnType<ConversationHarness["conversation"]["send"]> {
  const parts = [harness.part(`${turnId}.text`, text)];
  harness.userParts.set(turnId, parts);
  harness.startReply();
  const outcome = await harness.conversation.send(turnId, parts, harness.settings(limits));
  harness.replies.set(turnId, outcome.text);
  harness.assertInvariants();
  return outcome;
}

/** Like DeepSeek-R1: the generation prompt opens the thought. */
const opensThought: ChatTemplate = {
  ...chatMl,
  render: (messages, prompt) => chatMl.render(messages, prompt) + (prompt ? "<think>\n" : ""),
};

/** Like GLM-4.6: history prints an empty thought before each reply but the last. */
const emptyThoughts: ChatTemplate = {
  ...chatMl,
  render: (messages, prompt) => {
    const rendered = messages.map(({ role, content }, index) => {
      const empty = role === "assistant" && index < messages.length - 1 ? "<think></think>\n" : "";
      return `<|im_start|>${role}\n${empty}${content}<|im_end|>\n`;
    });
    return rendered.join("") + (prompt ? "<|im_start|>assistant\n" : "");
  },
};

describe("thoughts", () => {
  it("are streamed apart and dropped when the next message is sent, at no cost", async () => {
    const harness = new ConversationHarness({ script: () => "<think>let me see</think>\n\nIt is 47." });
    const outcome = await send(harness, "a", "What is it?");
    assert.equal(outcome.thought, "let me see");
    assert.equal(outcome.text, "It is 47.");
    assert.ok(harness.conversation.cache.segments.some((segment) => segment.kind === "thought"));
    await send(harness, "b", "And now?");
    const first = harness.conversation.cache.segments.filter((segment) => segment.turnId === "a");
    assert.ok(first.every((segment) => segment.kind !== "thought" && segment.kind !== "open"));
    assert.equal(harness.conversation.cache.reprocessed, 0);
  });

  it("that the prompt opened go away with their opening", async () => {
    const harness = new ConversationHarness({ template: opensThought, script: () => "hm</think>\n\nYes." });
    const outcome = await send(harness, "a", "Is it?");
    assert.equal(outcome.thought, "hm");
    assert.equal(outcome.text, "Yes.");
    await send(harness, "b", "Sure?");
    const text = harness.tokenizer.decode(harness.sequence.tokens, [], true);
    assert.equal(text.split("<think>").length - 1, 1, "only the newest turn has one");
    assert.equal(harness.conversation.cache.reprocessed, 0);
  });

  it("leave their tags behind where the template prints an empty thought", async () => {
    const harness = new ConversationHarness({ template: emptyThoughts, script: () => "<think>so long</think>\nYes." });
    for (const turn of ["a", "b", "c"]) await send(harness, turn, "Is it?");
    assert.equal(harness.conversation.cache.reprocessed, 0);
    assert.equal(harness.tokenizer.decode(harness.sequence.tokens, [], true).split("<think></think>").length - 1, 2);
  });

  it("end at their budget, and the reply goes on", async () => {
    const harness = new ConversationHarness({ script: () => `<think>${letters(300)}` });
    const outcome = await send(harness, "a", "Think!", { thoughtBudget: 20, maxTokens: 60 });
    assert.ok(outcome.thought.length < 30, outcome.thought);
    assert.ok(outcome.text.length > 10, "what comes after the closed thought is the reply");
    assert.equal(outcome.stopReason, "maxTokens");
  });
});

describe("replies and messages larger than the window", () => {
  it("a reply streams through it, and the conversation goes on", async () => {
    const harness = new ConversationHarness({
      script: () =>
        letters(2000)
          .replace(/(.{50})/g, "$1 ")
          .slice(0, 1900),
    });
    const outcome = await send(harness, "a", "Tell me all.", { maxTokens: 1500 });
    assert.ok(outcome.stopReason === "maxTokens" || outcome.stopReason === "loop");
    assert.ok(outcome.shifts >= 3);
    assert.ok(
      harness.conversation.rememberedTurns.some((turn) => turn.turnId === "a"),
      "its glue stays",
    );
    await send(harness, "b", "Thanks.", { maxTokens: 10 });
    assert.equal(harness.conversation.cache.reprocessed, 0);
  });

  it("a message says what was left out, and its end is there", async () => {
    const harness = new ConversationHarness({ script: () => "Long." });
    const outcome = await send(harness, "a", `${letters(3000)} THE END`);
    assert.ok(outcome.omittedTokens > 2500);
    assert.ok(harness.tokenizer.decode(harness.sequence.tokens, [], true).includes("THE END<|im_end|>"));
    assert.ok(harness.sequence.decodedTokens < 600, "what is left out is not evaluated");
  });

  it("a reply that repeats itself without end is stopped, and says so", async () => {
    const harness = new ConversationHarness({ contextSize: 2048, script: () => "and on ".repeat(400) });
    const outcome = await send(harness, "a", "Go on.");
    assert.equal(outcome.stopReason, "loop");
    assert.ok(outcome.replyTokens < 400);
  });
});

describe("prefill", () => {
  it("goes in chunks, with progress", async () => {
    const harness = new ConversationHarness({ script: () => "ok" });
    await send(harness, "a", letters(100));
    const steps = harness.events.filter((event) => event.startsWith("prefill a"));
    assert.ok(steps.length >= 5);
    assert.ok(harness.sequence.decoded.every((batch) => batch.length <= 16));
  });

  it("stops within one chunk and leaves no trace of the message", async () => {
    const harness = new ConversationHarness({ script: () => "ok" });
    await send(harness, "a", "Hello.");
    const before = harness.sequence.tokens;
    const controller = new AbortController();
    const batches = harness.sequence.decoded.length;
    const sending = harness.conversation.send("b", [harness.part("b.text", letters(150))], harness.settings(), {
      get aborted() {
        return harness.sequence.decoded.length >= batches + 2 || controller.signal.aborted;
      },
    });
    const outcome = await sending;
    assert.equal(outcome.stopReason, "stopped");
    assert.equal(harness.sequence.decoded.length, batches + 2);
    assert.deepEqual(harness.sequence.tokens.slice(0, before.length), before);
    assert.ok(harness.sequence.length - before.length <= "<|im_end|>\n<|im_start|>user\n".length);
    assert.deepEqual(
      harness.conversation.rememberedTurns.map((turn) => turn.turnId),
      ["a"],
    );
    await send(harness, "c", "Once more.");
    assert.equal(harness.conversation.cache.reprocessed, 0);
  });
});

describe("detours", () => {
  it("in the middle of a reply leave it as it was, at any token", async () => {
    const plain = new ConversationHarness({ script: () => letters(60) });
    await send(plain, "a", "Go.");
    for (let place = 1; place < 60; place += 7) {
      const harness = new ConversationHarness({ script: () => letters(60) });
      harness.detourScript = "an aside";
      let seen = 0;
      let answer: Promise<{ text: string }> | undefined;
      harness.onText = (id) => {
        if (id === "a" && ++seen === place)
          answer = harness.conversation.detour("d", `${detourMark}what?`, harness.settings());
      };
      const outcome = await send(harness, "a", "Go.");
      assert.equal((await answer)?.text, "an aside");
      assert.equal(outcome.text, letters(60));
      assert.deepEqual(harness.sequence.tokens, plain.sequence.tokens);
      assert.equal(harness.conversation.cache.reprocessed, 0);
      assert.ok(harness.conversation.detourTokens > 20);
    }
  });

  it("close a thought that is being written, and open it again by leaving it alone", async () => {
    const script = (): string => `<think>${letters(40)}</think>\n\nDone.`;
    const harness = new ConversationHarness({ script });
    harness.detourScript = "yes";
    let seen = 0;
    let closed = "";
    harness.onText = (id) => {
      if (id === "d") closed = harness.tokenizer.decode(harness.sequence.tokens, [], true);
      if (id === "a" && ++seen === 10) void harness.conversation.detour("d", `${detourMark}?`, harness.settings());
    };
    const outcome = await send(harness, "a", "Go.");
    assert.ok(/<think>\w+\n<\/think>\n\n<\|im_end\|>\n<\|im_start\|>user\n¿\?/.test(closed), closed);
    assert.equal(outcome.thought, letters(40));
    assert.equal(outcome.text, "Done.");
  });

  it("run between two chunks of a long prompt", async () => {
    const harness = new ConversationHarness({ script: () => "ok" });
    harness.detourScript = "yes";
    const parts = [harness.part("a.text", letters(200))];
    harness.userParts.set("a", parts);
    const sending = harness.conversation.send("a", parts, harness.settings());
    const answer = await harness.conversation.detour("d", `${detourMark}?`, harness.settings());
    assert.equal(answer.text, "yes");
    assert.ok(!harness.events.some((event) => event.startsWith("reply a")), "before the reply had begun");
    harness.replies.set("a", (await sending).text);
    harness.assertInvariants();
  });

  it("that do not fit into the reserve are cut, visibly", async () => {
    const harness = new ConversationHarness({ script: () => letters(120) });
    for (const turn of ["a", "b"]) await send(harness, turn, letters(60));
    harness.detourScript = letters(500);
    const outcome = await harness.conversation.detour("d", detourMark + letters(900), harness.settings());
    assert.equal(outcome.cut, true);
    assert.ok(outcome.replyTokens > 0);
    harness.assertInvariants();
  });
});

describe("pins", () => {
  it("are refused beyond half of what the head leaves of the window", async () => {
    const harness = new ConversationHarness({ script: () => letters(70) });
    for (const turn of ["a", "b"]) await send(harness, turn, letters(50));
    const past = (turnId: string): Parameters<typeof harness.conversation.pin>[0] => ({
      turnId,
      parts: [],
      reply: "",
      pinned: true,
    });
    await harness.conversation.pin(past("a"));
    await assert.rejects(
      harness.conversation.pin(past("b")),
      (error) => error instanceof DaylongError && error.code === "pins-full",
    );
    for (let turn = 0; turn < 20; turn++) await send(harness, `t${turn}`, letters(20));
    assert.ok(
      harness.conversation.rememberedTurns.some((turn) => turn.turnId === "a"),
      "a pinned turn stays",
    );
    assert.equal(harness.conversation.cache.reprocessed, 0);
  });

  it("stand behind the head once everything before them is gone, whole, with templates that raise on a lone message", async () => {
    const strict: ChatTemplate = {
      ...chatMl,
      render: (messages, prompt) => {
        messages.slice(1).forEach(({ role }, index) => {
          if (role !== (index % 2 === 0 ? "user" : "assistant")) throw new Error("roles must alternate");
        });
        if (messages.length === 1) throw new Error("a conversation needs a user message");
        return chatMl.render(messages, prompt);
      },
    };
    const harness = new ConversationHarness({ template: strict, script: () => letters(30) });
    await send(harness, "a", "First.");
    await send(harness, "b", "Keep me.");
    await harness.conversation.pin({ turnId: "b", parts: [], reply: "", pinned: true });
    for (let turn = 0; turn < 20; turn++) await send(harness, `t${turn}`, letters(20));
    assert.deepEqual(harness.conversation.rememberedTurns[0]?.turnId, "b");
    assert.equal(harness.conversation.cache.reprocessed, 0);
  });
});

describe("a message that is sent while a side question is answered", () => {
  it("waits for the answer instead of being turned away", async () => {
    const harness = new ConversationHarness({ script: () => "ok" });
    harness.detourScript = "an aside";
    await send(harness, "a", "Hello.");
    const answer = harness.conversation.detour("d", `${detourMark}what?`, harness.settings());
    const outcome = await send(harness, "b", "Go on.");
    assert.equal((await answer).text, "an aside");
    assert.equal(outcome.text, "ok");
  });
});

describe("the newest reply, where it was forgotten for a turn that was brought back", () => {
  it("is not replaced nor gone on with in the place of another's", async () => {
    const harness = new ConversationHarness({ script: () => letters(60) });
    const { conversation } = harness;
    for (const turn of ["a", "b"]) await send(harness, turn, letters(40));
    await conversation.pin({ turnId: "a", parts: [], reply: "", pinned: true });
    const big = { turnId: "old", parts: [harness.part("old.text", letters(60))], reply: letters(60), pinned: false };
    await conversation.bringBack(big);
    assert.deepEqual(
      conversation.rememberedTurns.map(({ turnId }) => turnId),
      ["a", "old"],
    );
    const before = [...harness.sequence.tokens];
    const settings = { ...harness.settings(), newestTurnId: "b" };
    const isForgotten = (error: unknown): boolean => error instanceof DaylongError && error.code === "reply-forgotten";
    await assert.rejects(conversation.regenerate(settings), isForgotten);
    await assert.rejects(conversation.continueReply(settings), isForgotten);
    await assert.rejects(conversation.editLast("b", [harness.part("b.new", "New?")], settings), isForgotten);
    assert.deepEqual(harness.sequence.tokens, before);
    harness.startReply();
    await conversation.regenerate({ ...settings, newestTurnId: "a" });
  });
});

describe("a text that changes under its id", () => {
  const textOf = ({ tokenizer, sequence }: ConversationHarness): string => tokenizer.decode(sequence.tokens, [], true);

  it("is read anew when a message is edited, and again when it is edited back", async () => {
    const harness = new ConversationHarness({ script: () => "Yes." });
    await send(harness, "a", "First question?");
    for (const text of ["Second question?", "First question?", "Second question, longer?"]) {
      harness.startReply();
      await harness.conversation.editLast("a", [harness.part("a.text", text)], harness.settings());
      assert.match(textOf(harness), new RegExp(`user\n${text.replace("?", "\\?")}<`));
      assert.equal(textOf(harness).match(/question/g)?.length, 1);
    }
    assert.equal(harness.conversation.cache.reprocessed, 0);
  });

  it("is read anew when an attachment changes while it is read ahead, and kept when it does not", async () => {
    const harness = new ConversationHarness({ script: () => "Yes." });
    const ahead = (text: string): Promise<void> =>
      harness.conversation.evaluateAhead("a", [harness.part("a.file", text, "attachment")]);
    await ahead("one file");
    await ahead("another file");
    assert.match(textOf(harness), /another file$/);
    assert.doesNotMatch(textOf(harness), /one file/);
    const { decodedTokens } = harness.sequence;
    await ahead("another file");
    assert.equal(harness.sequence.decodedTokens, decodedTokens);
  });
});
