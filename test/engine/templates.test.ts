import assert from "node:assert/strict";
import { resolveChatWrapper } from "node-llama-cpp";
import { fromFile, fromWrapper, libraryWrappers, spendDay, vocabularyFor } from "../fixtures/templateCases.ts";
import { templateFiles, vocabularyFiles } from "../fixtures/templateFiles.ts";
import { Vocabularies } from "../fixtures/templateVocabulary.ts";

/** Templates that want arguments which a plain chat does not have, or more than the interpreter knows. */
const unusable: Readonly<Record<string, RegExp>> = {
  // Numbers as keys of a table: the interpreter knows text keys only.
  "ByteDance-Seed-OSS": /Object keys must be strings/,
  // These want a list of tools.
  "CohereForAI-c4ai-command-r-plus-tool_use": /Expected iterable .* UndefinedValue/,
  "NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use": /Expected iterable .* UndefinedValue/,
  "NousResearch-Hermes-3-Llama-3.1-8B-tool_use": /Expected iterable .* UndefinedValue/,
  "fireworks-ai-llama-3-firefunction-v2": /Cannot perform operation \+ on undefined values/,
  "meetkai-functionary-medium-v3.1": /selectattr/,
  "unsloth-Apriel-1.5": /filter "length" to type: UndefinedValue/,
  // Python's str.format: the interpreter has none.
  "tencent-Hy3": /not a function/,
};

const usableCount = 60;

/**
 * Templates that print marks in front of a reply which the model has to write itself: what six turns cost, in tokens, if it
 * leaves them out.
 */
const rewritten: Readonly<Record<string, number>> = {
  "CohereForAI-c4ai-command-r7b-12-2024-tool_use": 109,
  Cohere2MoE: 114,
  "Kimi-K3": 193,
  "MiniMax-M3": 143,
  "muse-glimmer": 123,
  "openai-gpt-oss-120b": 123,
  "upstage-Solar-Open-100B": 113,
};

/** Where the blanks between the prompt and a reply are the model's, not the template's. */
const ownBlanks = ["GLM-4.6", "Reka-Edge", "llama-cpp-rwkv-world", "poolside-Laguna-XS-2.1", "poolside-Laguna-XS.2"];

describe("real templates and vocabularies", () => {
  let vocabularies: Vocabularies;
  before(async () => {
    vocabularies = await Vocabularies.open();
  });
  after(() => vocabularies.close());

  it("keeps the cache equal to the template after each of 30 turns, and evaluates nothing twice", async () => {
    const files = templateFiles();
    const reasons = new Map<string, string>();
    const blanks: string[] = [];
    for (const file of files) {
      const vocabulary = await vocabularies.get(vocabularyFor(file.name));
      const speaks = file.source.includes("</think>");
      const outcome = await spendDay(fromFile(file, vocabulary), vocabulary, { turns: 30, speaks });
      if (typeof outcome === "string") {
        reasons.set(file.name, outcome);
        continue;
      }
      assert.equal(outcome.wasted, 0, `${file.name}: tokens evaluated again`);
      assert(outcome.evictedTurns >= 10, `${file.name}: ${outcome.evictedTurns} evictions`);
      if (speaks) assert(outcome.thoughts >= 5, `${file.name}: ${outcome.thoughts} thoughts`);
      if (outcome.blanksDiffer) blanks.push(file.name);
    }
    assert.deepEqual([...reasons.keys()].sort(), Object.keys(unusable).sort());
    for (const [name, reason] of reasons) assert.match(reason, unusable[name] ?? /^$/, name);
    assert.equal(files.length, usableCount + Object.keys(unusable).length);
    assert.deepEqual(blanks, ownBlanks);
  });

  it("evaluates a reply again only if the model leaves out marks that its template prints", async () => {
    const cost: Record<string, number> = {};
    for (const file of templateFiles()) {
      const vocabulary = await vocabularies.get(vocabularyFor(file.name));
      const speaks = file.source.includes("</think>");
      const outcome = await spendDay(fromFile(file, vocabulary), vocabulary, { turns: 6, careless: true, speaks });
      if (typeof outcome !== "string" && outcome.wasted > 0) cost[file.name] = outcome.wasted;
    }
    assert.deepEqual(cost, rewritten);
  });

  it("does so with every vocabulary", async () => {
    const names = ["Qwen-Qwen3-0.6B", "openai-gpt-oss-120b", "google-gemma-2-2b-it"];
    const files = templateFiles().filter((file) => names.includes(file.name));
    assert.equal(files.length, names.length);
    const left: string[] = [];
    for (const name of vocabularyFiles().keys()) {
      const vocabulary = await vocabularies.get(name);
      // Vocabularies of models that embed text: they do not give back what they were given.
      if (!vocabulary.isForChat) {
        left.push(name);
        continue;
      }
      for (const file of files) {
        const outcome = await spendDay(fromFile(file, vocabulary), vocabulary, { turns: 6, speaks: true });
        if (typeof outcome === "string") assert.fail(`${name}, ${file.name}: ${outcome}`);
        assert.equal(outcome.wasted, 0, `${name}, ${file.name}`);
      }
    }
    assert.deepEqual(left, ["bert-bge", "nomic-bert-moe"]);
  });

  it("does so with the engine library's own wrappers", async () => {
    const cost: Record<string, number> = {};
    for (const [name, wrapper] of libraryWrappers()) {
      const vocabulary = await vocabularies.get(vocabularyFor(name));
      const speaks = wrapper.settings.segments?.thought !== undefined;
      const outcome = await spendDay(fromWrapper(name, wrapper, vocabulary), vocabulary, { turns: 30, speaks });
      if (typeof outcome === "string") assert.fail(`${name}: ${outcome}`);
      assert(outcome.evictedTurns >= 10, `${name}: ${outcome.evictedTurns} evictions`);
      if (outcome.wasted > 0) cost[name] = outcome.wasted;
    }
    assert.deepEqual(cost, {});
  });

  it("finds a wrapper of the library for most of the templates that cannot be used", async () => {
    const { model } = await vocabularies.get("qwen2");
    const { metadata } = model.fileInfo;
    const found = templateFiles()
      .filter((file) => file.name in unusable)
      .map(({ name, source }) => {
        const tokenizer = { ...metadata.tokenizer, chat_template: source };
        const fileInfo = { ...model.fileInfo, metadata: { ...metadata, tokenizer } };
        const { bosString } = model.tokens;
        const wrapper = resolveChatWrapper({
          bosString,
          fileInfo,
          tokenizer: model.tokenizer,
          warningLogs: false,
          noJinja: true,
        });
        return [name, wrapper?.wrapperName];
      });
    assert.deepEqual(Object.fromEntries(found), {
      "ByteDance-Seed-OSS": "Seed",
      "CohereForAI-c4ai-command-r-plus-tool_use": undefined,
      "NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use": "ChatML",
      "NousResearch-Hermes-3-Llama-3.1-8B-tool_use": "ChatML",
      "fireworks-ai-llama-3-firefunction-v2": "Llama 3",
      "meetkai-functionary-medium-v3.1": "Llama 3",
      "tencent-Hy3": undefined,
      "unsloth-Apriel-1.5": undefined,
    });
  });
});
