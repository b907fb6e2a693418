import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { generateGguf, type FixtureModel, type FixtureArchitecture } from "../fixtures/generateGguf.ts";
import { fuzzGguf } from "../fixtures/gguf/fuzzGguf.ts";
import { ModelTrial } from "../fixtures/gguf/modelTrial.ts";
import { temporaryFolder } from "../fixtures/gguf/temporaryFolder.ts";
import { list, text, uint32 } from "../fixtures/gguf/writeGguf.ts";

describe("hard files, in the forked engine", function () {
  this.timeout(300_000);
  const path = temporaryFolder();
  const trial = new ModelTrial();
  after(() => trial.dispose());

  const architectures: Record<FixtureArchitecture, "stream" | "recompute"> = {
    llama: "stream",
    qwen2: "stream",
    qwen3: "stream",
    mistral3: "stream",
    falcon: "stream",
    gptneox: "stream",
    mpt: "stream",
    smollm3: "recompute",
    qwen2vl: "recompute",
    gemma3: "recompute",
    lfm2: "recompute",
    mamba: "recompute",
  };
  for (const [architecture, mode] of Object.entries(architectures) as [FixtureArchitecture, string][]) {
    it(`every architecture goes on over evictions: ${architecture} (${mode})`, async () => {
      generateGguf(path("model.gguf"), { architecture });
      const outcome = await trial.run(path("model.gguf"), 24);
      assert(outcome.stage === "works", JSON.stringify(outcome));
      assert.equal(outcome.mode, mode);
      assert(outcome.headKept);
      assert(outcome.shifts >= 4, JSON.stringify(outcome));
      if (mode === "stream") assert.equal(outcome.reprocessedTokens, 0);
      else assert(outcome.reprocessedTokens > 0, "what is kept was evaluated again");
    });
  }

  it("a sliding-window model streams within its sliding window", async () => {
    generateGguf(path("model.gguf"), { architecture: "gemma3", slidingWindow: 512 });
    const outcome = await trial.run(path("model.gguf"), 24);
    assert(outcome.stage === "works" && outcome.mode === "stream", JSON.stringify(outcome));
    assert(outcome.shifts >= 4 && outcome.reprocessedTokens === 0, JSON.stringify(outcome));
  });

  const absurd: Record<string, [Partial<FixtureModel>, string]> = {
    "a huge trained context": [{ context: 0x7fffffff }, "works"],
    "a trained context of one token": [{ context: 1 }, "works"],
    "no chat template": [{ metadata: { "tokenizer.chat_template": undefined } }, "works"],
    "a chat template that is none": [{ metadata: { "tokenizer.chat_template": text("{% for %}{{ x") } }, "works"],
    "an empty chat template": [{ metadata: { "tokenizer.chat_template": text("") } }, "works"],
    "no vocabulary": [{ metadata: { "tokenizer.ggml.tokens": undefined } }, "refused"],
    "no kind of vocabulary": [{ metadata: { "tokenizer.ggml.model": undefined } }, "refused"],
    "an unknown kind of vocabulary": [{ metadata: { "tokenizer.ggml.model": text("clay") } }, "model-load-failed"],
    "a vocabulary of another kind": [{ metadata: { "tokenizer.ggml.model": text("llama") } }, "engine-crashed"],
    "no merges": [{ metadata: { "tokenizer.ggml.merges": undefined } }, "model-load-failed"],
    "no end of turn": [{ metadata: { "tokenizer.ggml.eos_token_id": undefined } }, "works"],
    "no beginning, yet one wanted": [{ metadata: { "tokenizer.ggml.bos_token_id": undefined } }, "works"],
    "an end of turn that is no token": [{ metadata: { "tokenizer.ggml.eos_token_id": uint32(9999) } }, "works"],
    "zero heads": [{ metadata: { "llama.attention.head_count": uint32(0) } }, "model-damaged"],
    "more layers than weights": [{ metadata: { "llama.block_count": uint32(40) } }, "model-load-failed"],
    "fewer tokens than embeddings": [
      { metadata: { "tokenizer.ggml.tokens": list("string", ["a", "b"]) } },
      "model-load-failed",
    ],
    "a head size that does not fit": [{ metadata: { "llama.attention.key_length": uint32(24) } }, "model-load-failed"],
    "another architecture's name": [{ metadata: { "general.architecture": text("qwen3") } }, "model-damaged"],
    "an unknown architecture": [{ metadata: { "general.architecture": text("gpt-17") } }, "refused"],
    "experts that are not there": [
      { metadata: { "llama.expert_count": uint32(8), "llama.expert_used_count": uint32(2) } },
      "model-load-failed",
    ],
    "an unknown rope scaling": [{ metadata: { "llama.rope.scaling.type": text("elastic") } }, "model-damaged"],
    "no weights": [{ vocabularyOnly: true }, "refused"],
  };
  for (const [name, [model, expected]] of Object.entries(absurd)) {
    it(`absurd settings end in a coded error, a refusal or a working model: ${name} (${expected})`, async () => {
      generateGguf(path("model.gguf"), model);
      const outcome = await trial.run(path("model.gguf"));
      assert.equal("code" in outcome ? outcome.code : outcome.stage, expected, JSON.stringify(outcome));
      if ("code" in outcome) assert.doesNotMatch(outcome.error.message, /undefined|GGML|llama\.cpp|\n\s+at /);
    });
  }

  it("the engine still works after all of these", async () => {
    generateGguf(path("model.gguf"));
    assert.equal((await trial.run(path("model.gguf"))).stage, "works");
  });

  it("300 damaged files end in a coded error or a working model, whatever it costs the child", async () => {
    const folder = dirname(path("model.gguf"));
    mkdirSync(folder, { recursive: true });
    const summary = await fuzzGguf(folder, 1, 300);
    assert.deepEqual(summary.failures, []);
    const outcomes = Object.values(summary.outcomes).reduce((sum, count) => sum + count, 0);
    assert.equal(outcomes, 300);
    assert((summary.outcomes["inspect: model-damaged"] ?? 0) > 100, JSON.stringify(summary));
    assert((summary.outcomes["works"] ?? 0) > 20, JSON.stringify(summary));
  });
});
