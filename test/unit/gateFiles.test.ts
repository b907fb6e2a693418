import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ErrorCode } from "../../src/base/errors.ts";
import { DaylongError } from "../../src/base/errors.ts";
import type { GateVerdict } from "../../src/engine/engine.ts";
import type { GgufEntry } from "../../src/engine/worker/ggufFormat.ts";
import { readGgufHeader } from "../../src/engine/worker/ggufHeader.ts";
import { inspectModel } from "../../src/engine/worker/modelGate.ts";
import {
  generateGguf,
  generateMetadataOnlyGguf,
  type FixtureModel,
  type RopeScaling,
} from "../fixtures/generateGguf.ts";
import { rewriteGguf } from "../fixtures/gguf/rewriteGguf.ts";
import { temporaryFolder } from "../fixtures/gguf/temporaryFolder.ts";
import { float32, list, text, uint32 } from "../fixtures/gguf/writeGguf.ts";

const demoModel = fileURLToPath(new URL("../../media/demo/tiny-chat.q8_0.gguf", import.meta.url));
const recompute = { recomputeSupported: true };
const yarn: RopeScaling = { type: "yarn", factor: 4, originalContext: 512 };

async function rejectsWith(code: ErrorCode, promise: Promise<unknown>): Promise<DaylongError> {
  const error = await promise.then(
    () => assert.fail(`expected ${code}`),
    (reason: unknown) => reason,
  );
  assert(error instanceof DaylongError, String(error));
  assert.equal(error.code, code, error.detail);
  return error;
}

describe("gate, by a model's file", () => {
  const path = temporaryFolder();

  it("streams the demo model and reports its shape", async () => {
    const verdict = await inspectModel(demoModel);
    assert.deepEqual(verdict, {
      mode: "stream",
      reasons: [],
      name: "tiny-chat",
      architecture: "llama",
      trainedContext: 512,
      headDim: 32,
      layers: 4,
      fileBytes: 1_251_392,
      hasChatTemplate: true,
      sampling: { temperature: 0.2, topK: 40, topP: 0.95, minP: 0.05, repeatPenalty: 1 },
      samplingFromModel: [],
    } satisfies GateVerdict);
  });

  it("names a missing file, a folder, an empty file and a file that is no GGUF", async () => {
    await rejectsWith("model-not-found", inspectModel(path("missing.gguf")));
    mkdirSync(path("folder.gguf"));
    await rejectsWith("model-is-directory", inspectModel(path("folder.gguf")));
    writeFileSync(path("empty.gguf"), "");
    await rejectsWith("model-empty", inspectModel(path("empty.gguf")));
    writeFileSync(path("text.gguf"), "This is a letter, not a model.");
    await rejectsWith("model-not-gguf", inspectModel(path("text.gguf")));
    writeFileSync(path("short.gguf"), "GG");
    await rejectsWith("model-not-gguf", inspectModel(path("short.gguf")));
  });

  it("takes a file that ends anywhere before its last weight for damaged", async () => {
    const bytes = readFileSync(demoModel).length;
    const file = path("truncated.gguf");
    for (const length of [5, 8, 24, 40, 1000, 50_000, 80_000, 200_000, bytes / 2, bytes - 32, bytes - 1]) {
      copyFileSync(demoModel, file);
      truncateSync(file, Math.floor(length));
      await rejectsWith("model-damaged", inspectModel(file));
    }
  });

  it("does not believe a length that the file cannot hold", async () => {
    const bytes = readFileSync(demoModel);
    const keyLengthOffset = 24;
    for (const length of [1n << 62n, 1n << 40n, 0xffffffffffffffffn, BigInt(bytes.length)]) {
      bytes.writeBigUInt64LE(length, keyLengthOffset);
      writeFileSync(path("length.gguf"), bytes);
      await rejectsWith("model-damaged", inspectModel(path("length.gguf")));
    }
  });

  const streams: Record<string, Partial<FixtureModel>> = {
    llama: {},
    qwen3: { architecture: "qwen3" },
    mistral3: { architecture: "mistral3" },
    falcon: { architecture: "falcon" },
    gptneox: { architecture: "gptneox" },
    "mpt (ALiBi)": { architecture: "mpt" },
    "linear scaling": { rope: { ...yarn, type: "linear" } },
    "YaRN whose magnitudes cancel out": { architecture: "mistral3", rope: { ...yarn, yarnLogMultiplier: 1 } },
    "LongRoPE without a magnitude": { rope: { ...yarn, type: "longrope" } },
    "a sliding window that llama.cpp does not use": { metadata: { "llama.attention.sliding_window": uint32(256) } },
    "f32 weights": { weights: "f32" },
    "empty tokens, which are not doubled ones": {
      metadata: {
        "tokenizer.ggml.tokens": list("string", ["", "", ...Array.from({ length: 261 }, (_, index) => `t${index}`)]),
      },
    },
    "a token that is another behind a byte-order mark": {
      metadata: {
        "tokenizer.ggml.tokens": list("string", ["a", "\ufeffa", ...Array.from({ length: 261 }, (_, n) => `t${n}`)]),
      },
    },
    "a special token outside the vocabulary, which llama.cpp passes over": {
      metadata: { "tokenizer.ggml.padding_token_id": uint32(263) },
    },
    "rope sections of zero": { metadata: { "llama.rope.dimension_sections": list("int32", [0, 0, 0, 0]) } },
    "a type that says more": { metadata: { "general.type": text("finetune") } },
    "no chat template": { metadata: { "tokenizer.chat_template": undefined } },
  };
  for (const [name, model] of Object.entries(streams)) {
    it(`streams: ${name}`, async () => {
      generateGguf(path("model.gguf"), model);
      const verdict = await inspectModel(path("model.gguf"));
      assert.deepEqual([verdict.mode, verdict.reasons], ["stream", []]);
      assert.equal(verdict.architecture, model.architecture ?? "llama");
      assert.equal(verdict.hasChatTemplate, name !== "no chat template");
    });
  }

  const recomputes: Record<string, [Partial<FixtureModel>, RegExp]> = {
    "qwen2vl (M-RoPE)": [{ architecture: "qwen2vl" }, /several dimensions/],
    "a plain architecture with M-RoPE sections": [
      { architecture: "qwen3", metadata: { "qwen3.rope.dimension_sections": list("int32", [4, 2, 2, 0]) } },
      /several dimensions/,
    ],
    "lfm2 (hybrid)": [{ architecture: "lfm2" }, /running state/],
    "mamba (recurrent)": [{ architecture: "mamba" }, /running state/],
    "gemma3 (sliding window)": [{ architecture: "gemma3" }, /64 tokens/],
    "smollm3 (layers without rotation)": [{ architecture: "smollm3" }, /ignore positions/],
    YaRN: [{ rope: yarn }, /YaRN/],
    "LongRoPE with a magnitude": [{ rope: { ...yarn, type: "longrope", attentionFactor: 1.19 } }, /LongRoPE/],
  };
  for (const [name, [model, reason]] of Object.entries(recomputes)) {
    it(`does not stream: ${name}`, async () => {
      generateGguf(path("model.gguf"), model);
      const later = await inspectModel(path("model.gguf"), recompute);
      assert.equal(later.mode, "recompute");
      assert.match(later.reasons.join(" "), reason);
      assert.equal((await inspectModel(path("model.gguf"), { recomputeSupported: false })).mode, "refuse");
    });
  }

  it("sees the YaRN twin of the demo model", async () => {
    rewriteGguf(demoModel, path("twin.gguf"), {
      "llama.rope.scaling.type": text("yarn"),
      "llama.rope.scaling.factor": { type: "float32", value: 4 },
    });
    assert.equal((await inspectModel(path("twin.gguf"), recompute)).mode, "recompute");
    rewriteGguf(demoModel, path("copy.gguf"), {});
    assert(readFileSync(path("copy.gguf")).equals(readFileSync(demoModel)));
  });

  it("offers the window within which gemma3 streams", async () => {
    generateGguf(path("model.gguf"), { architecture: "gemma3", slidingWindow: 512 });
    assert.equal((await inspectModel(path("model.gguf"), recompute)).maxStreamWindow, 512);
  });

  const refusals: Record<string, [Record<string, GgufEntry>, RegExp]> = {
    bert: [
      {
        "bert.embedding_length": uint32(64),
        "bert.block_count": uint32(1),
        "bert.context_length": uint32(512),
        "bert.attention.head_count": uint32(4),
      },
      /search and ranking/,
    ],
    clip: [{ "general.type": text("mmproj") }, /mmproj/],
    "": [{ "general.type": text("imatrix") }, /imatrix/],
    llada: [
      {
        "llada.embedding_length": uint32(64),
        "llada.block_count": uint32(1),
        "llada.context_length": uint32(512),
        "llada.attention.head_count": uint32(4),
      },
      /diffusion/,
    ],
    "brand-new": [{}, /"brand-new"/],
  };
  for (const [architecture, [metadata, reason]] of Object.entries(refusals)) {
    it(`refuses in words: ${architecture}`, async () => {
      generateMetadataOnlyGguf(path("model.gguf"), { "general.architecture": text(architecture), ...metadata });
      const verdict = await inspectModel(path("model.gguf"), recompute);
      assert.equal(verdict.mode, "refuse");
      assert.match(verdict.reasons.join(" "), reason);
    });
  }

  it("tells models of one architecture apart as llama.cpp does", async () => {
    const cases: [string, number, Record<string, GgufEntry>, string][] = [
      ["exaone4", 30, {}, "stream"],
      ["exaone4", 64, {}, "recompute"],
      ["baichuan", 32, {}, "stream"],
      ["baichuan", 40, {}, "recompute"],
      ["olmo2", 16, {}, "stream"],
      ["olmo2", 16, { "olmo2.attention.sliding_window": uint32(4096) }, "recompute"],
      ["gemma2", 26, {}, "recompute"],
    ];
    for (const [architecture, layers, more, mode] of cases) {
      generateMetadataOnlyGguf(path("model.gguf"), {
        "general.architecture": text(architecture),
        [`${architecture}.block_count`]: uint32(layers),
        [`${architecture}.context_length`]: uint32(8192),
        [`${architecture}.embedding_length`]: uint32(64),
        [`${architecture}.attention.head_count`]: uint32(4),
        ...more,
      });
      const verdict = await inspectModel(path("model.gguf"), recompute);
      assert.equal(verdict.mode, mode, `${architecture} with ${layers} layers`);
      assert.equal(
        verdict.maxStreamWindow,
        architecture === "gemma2" || "olmo2.attention.sliding_window" in more ? 4096 : undefined,
      );
    }
  });

  it("refuses an embedding model of a chat architecture, and files without weights or vocabulary", async () => {
    const cases: [Partial<FixtureModel>, RegExp][] = [
      [{ metadata: { "llama.pooling_type": uint32(3) } }, /search and ranking/],
      [{ vocabularyOnly: true }, /no weights/],
      [{ metadata: { "tokenizer.ggml.tokens": undefined } }, /no vocabulary/],
      [{ metadata: { "tokenizer.ggml.model": text("none") } }, /no vocabulary/],
      [{ metadata: { "tokenizer.ggml.model": undefined } }, /no vocabulary/],
    ];
    for (const [model, reason] of cases) {
      generateGguf(path("model.gguf"), model);
      const verdict = await inspectModel(path("model.gguf"), recompute);
      assert.equal(verdict.mode, "refuse");
      assert.match(verdict.reasons.join(" "), reason);
    }
  });

  const absurd: Record<string, Record<string, GgufEntry | undefined>> = {
    "no architecture": { "general.architecture": undefined },
    "zero heads": { "llama.attention.head_count": uint32(0) },
    "zero key-value heads": { "llama.attention.head_count_kv": uint32(0) },
    "more key-value heads than heads": { "llama.attention.head_count_kv": uint32(99) },
    "zero layers": { "llama.block_count": uint32(0) },
    "too many layers": { "llama.block_count": uint32(100_000) },
    "a rotary size beyond the head": { "llama.rope.dimension_count": uint32(64) },
    "a rope scaling that there is not": { "llama.rope.scaling.type": text("elastic") },
    "a negative epsilon": { "llama.attention.layer_norm_rms_epsilon": float32(-1) },
    "an epsilon that is no number": { "llama.attention.layer_norm_rms_epsilon": float32(NaN) },
    "a rope base of zero": { "llama.rope.freq_base": float32(0) },
    "no feed-forward length": { "llama.feed_forward_length": undefined },
    "a key with a zero byte": { "general\0author": text("nobody") },
    "no width": { "llama.embedding_length": undefined },
    "no context length": { "llama.context_length": undefined },
    "an odd rotary size": { "llama.rope.dimension_count": uint32(15) },
    "more experts used than there are": { "llama.expert_used_count": uint32(3) },
    "rope sections beyond the head": { "llama.rope.dimension_sections": list("int32", [8, 8, 8, 0]) },
    "a token twice": { "tokenizer.ggml.tokens": list("string", ["a", "b", "a"]) },
    "a token twice up to a zero byte": { "tokenizer.ggml.tokens": list("string", ["a", "b", "a\0c"]) },
    "an alignment that is no power of two": { "general.alignment": uint32(24) },
  };
  for (const [name, metadata] of Object.entries(absurd)) {
    it(`takes absurd settings for damage: ${name}`, async () => {
      generateGguf(path("model.gguf"), { metadata });
      const error = await rejectsWith("model-damaged", inspectModel(path("model.gguf")));
      assert.doesNotMatch(error.message, /undefined|NaN|at .*\.ts/);
    });
  }

  it("reports a huge trained context as it stands", async () => {
    generateGguf(path("model.gguf"), { context: 0x7fffffff });
    assert.equal((await inspectModel(path("model.gguf"))).trainedContext, 0x7fffffff);
  });

  it("asks for the first part, and for all parts, of a model in several files", async () => {
    const parts = { metadata: { "split.count": { type: "uint16" as const, value: 2 } } };
    generateGguf(path("renamed.gguf"), parts);
    await rejectsWith("model-unsupported", inspectModel(path("renamed.gguf")));
    generateGguf(path("big-00001-of-00002.gguf"), parts);
    await rejectsWith("model-not-found", inspectModel(path("big-00001-of-00002.gguf")));
    generateGguf(path("big-00002-of-00002.gguf"), parts);
    await rejectsWith("model-unsupported", inspectModel(path("big-00002-of-00002.gguf")));
    const verdict = await inspectModel(path("big-00001-of-00002.gguf"));
    assert.equal(verdict.fileBytes, 2 * readGgufHeader(path("big-00001-of-00002.gguf")).fileBytes);
    generateGguf(path("big-00001-of-00002.gguf"), { ...parts, vocabularyOnly: true });
    assert.equal((await inspectModel(path("big-00001-of-00002.gguf"))).mode, "stream");
  });
});
