import assert from "node:assert/strict";
import { StreamingConversation } from "../../src/conversation/streamingConversation.ts";
import { MemorySequence } from "../fixtures/memorySequence.ts";
import { fromFile, vocabularyFor } from "../fixtures/templateCases.ts";
import { templateFiles, vocabularyFiles } from "../fixtures/templateFiles.ts";
import { fittedTemplate } from "../../src/engine/worker/modelTemplate.ts";
import { Vocabularies } from "../fixtures/templateVocabulary.ts";

describe("user text with the special tokens of any model", () => {
  let vocabularies: Vocabularies;
  let words: string[];

  before(async () => {
    vocabularies = await Vocabularies.open();
    const found = new Set<string>();
    for (const name of vocabularyFiles().keys()) {
      for (const text of (await vocabularies.get(name)).specialTexts) found.add(text);
    }
    for (const { source } of templateFiles()) {
      for (const [text] of source.matchAll(/<[^<>\n]{1,60}>|\[[^[\]\n]{1,60}\]/g)) found.add(text);
    }
    words = [...found].filter((text) => text !== "");
    assert(words.length > 3000, `${words.length} words`);
  });
  after(() => vocabularies.close());

  it("never becomes a special token, in any vocabulary", async () => {
    for (const name of vocabularyFiles().keys()) {
      const vocabulary = await vocabularies.get(name);
      if (!vocabulary.isForChat) continue;
      for (const text of words.map((word) => `${word}a${word}${word}\n${word}`)) {
        const tokens = vocabulary.tokenizer.encode(text, false);
        assert(!tokens.some((token) => vocabulary.isSpecial(token)), `${name}: ${text}`);
      }
    }
  });

  it("would be found out by this check if it were read as template text", async () => {
    const vocabulary = await vocabularies.get("qwen2");
    assert(vocabulary.tokenizer.encode("<|im_start|>", true).some((token) => vocabulary.isSpecial(token)));
  });

  it("stands in the cache as plain text, as message, attachment and system prompt", async () => {
    const file = templateFiles().find(({ name }) => name === "Qwen-Qwen2.5-7B-Instruct");
    assert(file !== undefined);
    const vocabulary = await vocabularies.get(vocabularyFor(file.name));
    const fitted = fittedTemplate(fromFile(file, vocabulary));
    assert("template" in fitted);
    const all = `All words: ${words.join(" ")}`;
    const contextSize = 262_144;
    const conversation = new StreamingConversation({
      ...fitted,
      sequence: new MemorySequence(contextSize, () => undefined),
      tokenizer: vocabulary.tokenizer,
      systemPrompt: all,
      contextSize,
      shiftable: true,
      chunkTokens: 4096,
      clock: () => 0,
      listener: { onPrefill: () => {}, onText: () => {}, onCache: () => {} },
    });
    const parts = [
      { id: "file", kind: "attachment", text: all },
      { id: "text", kind: "text", text: all },
    ] as const;
    await conversation.send("turn", parts, { sampling: {} });
    const contents = conversation.cache.segments.filter((segment) => ["system", "file", "text"].includes(segment.key));
    assert.equal(contents.length, 3);
    for (const { key, tokens } of contents) {
      assert.equal(vocabulary.tokenizer.decode(tokens, [], false), all, key);
      assert(
        tokens.every((token) => !vocabulary.isSpecial(token)),
        key,
      );
    }
  });
});
