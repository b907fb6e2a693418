import { DaylongError } from "../../base/errors.ts";
import { architectureKind } from "./architectures.ts";
import { isAddition, keyHeadSize, type ModelMetadata } from "./modelTraits.ts";

/** As in llama-hparams.h: beyond these llama.cpp aborts the process. */
const maximumLayers = 512;
const maximumExperts = 1024;
/** Elements; the largest in use is 576 (compressed keys of DeepSeek). */
const maximumHeadSize = 4096;

/** As llama.cpp reads them (llama-model.cpp); it aborts on any other. */
const ropeScalings = ["none", "linear", "yarn", "longrope"];

/** Settings that must be numbers, and not below zero. */
const finiteSettings = [
  ".attention.layer_norm_epsilon",
  ".attention.layer_norm_rms_epsilon",
  ".attention.max_alibi_bias",
  ".rope.freq_base",
  ".rope.scaling.factor",
  ".rope.scaling.attn_factor",
];

/**
 * Checks the hyperparameters that llama.cpp asserts on, divides by, or cannot calculate with, before it sees them: an
 * assert there ends the process. What it rejects by itself is left to it; files that are no models, that only hold a
 * vocabulary, or whose architecture is unknown, are left to the policy.
 * @throws DaylongError `model-damaged`
 */
export function checkHyperparameters(metadata: ModelMetadata): void {
  const kind = architectureKind(metadata.architecture);
  if (isAddition(metadata)) return;
  if (metadata.architecture === "") throw damaged("general.architecture is missing");
  if (kind === undefined || kind === "part" || metadata.header.tensors.length === 0) return;

  const layers = metadata.number(".block_count") ?? 0;
  inRange("block_count", layers, 1, maximumLayers);
  inRange("context_length", metadata.number(".context_length") ?? 0, 1, Number.MAX_SAFE_INTEGER);
  inRange("embedding_length", metadata.number(".embedding_length") ?? 0, 1, 1 << 20);
  inRange("nextn_predict_layers", metadata.number(".nextn_predict_layers") ?? 0, 0, layers);
  if (metadata.header.tensors.some((tensor) => tensor.name.endsWith(".ffn_down.weight"))) {
    inRange("feed_forward_length", metadata.number(".feed_forward_length") ?? 0, 1, 1 << 24);
  }
  checkNumbers(metadata);
  checkExperts(metadata);
  if (kind !== "recurrent") checkAttention(metadata, layers);
  checkVocabulary(metadata);
}

function checkNumbers(metadata: ModelMetadata): void {
  for (const key of finiteSettings) {
    const value = metadata.number(key) ?? 0;
    if (!Number.isFinite(value) || value < 0) throw damaged(`${key} is ${value}`);
  }
  if (metadata.number(".rope.freq_base") === 0) throw damaged("rope.freq_base is 0");
  const scaling = metadata.text(".rope.scaling.type") ?? "none";
  if (!ropeScalings.includes(scaling)) throw damaged(`rope.scaling.type is ${scaling}`);
}

function checkExperts(metadata: ModelMetadata): void {
  const experts = metadata.number(".expert_count") ?? 0;
  const used = metadata.number(".expert_used_count") ?? 0;
  inRange("expert_count", experts, 0, maximumExperts);
  inRange("expert_used_count", used, experts > 1 ? 1 : 0, experts);
}

function checkAttention(metadata: ModelMetadata, layers: number): void {
  const heads = metadata.number(".attention.head_count") ?? 0;
  inRange("attention.head_count", heads, 1, 1 << 16);
  inRange("attention.head_count_kv", metadata.number(".attention.head_count_kv") ?? heads, 1, heads);
  for (const key of [".attention.head_count", ".attention.head_count_kv"]) {
    const length = metadata.listLength(key);
    if (length !== 0 && length < layers) throw damaged(`${key} has ${length} values for ${layers} layers`);
  }
  const headSize = keyHeadSize(metadata);
  inRange("attention.key_length", headSize, 1, maximumHeadSize);
  const rotary = metadata.number(".rope.dimension_count") ?? headSize;
  inRange("rope.dimension_count", rotary, 0, headSize);
  if (rotary % 2 !== 0) throw damaged(`rope.dimension_count is ${rotary}`);
  const sections = metadata.numbers(".rope.dimension_sections").reduce((sum, size) => sum + size, 0);
  inRange("the sum of rope.dimension_sections", sections, 0, headSize);
}

function checkVocabulary(metadata: ModelMetadata): void {
  const tokens = metadata.strings("tokenizer.ggml.tokens") ?? [];
  // As llama.cpp sees them: up to the first zero byte; empty ones are told apart by their numbers. Text that is not
  // valid UTF-8 reads as the replacement character: two such tokens may differ after all.
  const readable = tokens
    .map((token) => token.split("\0", 1)[0] ?? "")
    .filter((token) => token !== "" && !token.includes("\ufffd"));
  if (new Set(readable).size !== readable.length) throw damaged("a token is in the vocabulary twice");
}

function inRange(name: string, value: number, lowest: number, highest: number): void {
  if (!Number.isInteger(value) || value < lowest || value > highest) {
    throw damaged(`${name} is ${value}, expected ${lowest} to ${highest}`);
  }
}

function damaged(detail: string): DaylongError {
  return new DaylongError(
    "model-damaged",
    "The model file is damaged or was converted wrongly: its settings do not make sense. Download it again, or look for another conversion.",
    detail,
  );
}
