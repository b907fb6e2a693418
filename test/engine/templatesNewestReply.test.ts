import assert from "node:assert/strict";
import { StreamingConversation } from "../../src/conversation/streamingConversation.ts";
import { fittedTemplate, jinjaTemplate } from "../../src/engine/worker/modelTemplate.ts";
import { CharacterTokenizer } from "../fixtures/characterTokenizer.ts";
import { MemorySequence } from "../fixtures/memorySequence.ts";
import { templateFiles } from "../fixtures/templateFiles.ts";

describe("the newest reply, which some templates print with an empty thought", () => {
  for (const name of ["Qwen-Qwen3-0.6B", "Qwen3.5-4B", "StepFun3.5-Flash", "microsoft-Phi-3.5-mini-instruct"]) {
    it(`outlives a message that is given up and a turn that is brought back (${name})`, async () => {
      const source = templateFiles().find((file) => file.name === name)?.source;
      assert(source !== undefined);
      const fitted = fittedTemplate(jinjaTemplate(source, { bos_token: "", eos_token: "" }, new Date(2026, 0, 2)));
      assert("template" in fitted);
      const tokenizer = new CharacterTokenizer(["<|im_start|>", "<|im_end|>", "<think>", "</think>"]);
      let queue: number[] = [];
      const sequence = new MemorySequence(4096, () => queue.shift());
      const conversation = new StreamingConversation({
        ...fitted,
        sequence,
        tokenizer,
        systemPrompt: "Be brief.",
        contextSize: 4096,
        shiftable: true,
        chunkTokens: 8,
        clock: () => 0,
        listener: { onPrefill: () => {}, onText: () => {}, onCache: () => {} },
      });
      const send = (turnId: string, aborted: boolean): ReturnType<StreamingConversation["send"]> => {
        queue = tokenizer.encode("</think>It is 47.", true);
        const parts = [{ id: `${turnId}.text`, kind: "text" as const, text: "What is the green cache?" }];
        return conversation.send(turnId, parts, { sampling: {} }, { aborted });
      };
      const replyOf = (turnId: string): string =>
        tokenizer.decode(conversation.cache.content(`${turnId}.reply`)?.tokens ?? [], [], false);

      await send("a", false);
      assert.equal((await send("b", true)).stopReason, "stopped");
      assert.equal(replyOf("a"), "It is 47.");
      const parts = [{ id: "old.text", kind: "text" as const, text: "And the loud window?" }];
      await conversation.bringBack({ turnId: "old", parts, reply: "It is 66.", pinned: false });
      await send("c", false);
      assert.equal(replyOf("a"), "It is 47.");
      assert.equal(replyOf("old"), "It is 66.");
      assert.equal(conversation.cache.reprocessed, 0);
    });
  }
});
