import type { GgufEntry } from "../../src/engine/worker/ggufFormat.ts";
import { floatBytes, halfBytes } from "../fixtures/gguf/randomWeights.ts";
import { float32, list, text, truth, uint32, writeGguf, type TensorToWrite } from "../fixtures/gguf/writeGguf.ts";
import type { Vocabulary } from "./bpe.ts";
import { quantizeQ8 } from "./quantize.ts";
import type { Recipe } from "./recipes.ts";
import type { Weight } from "./safetensors.ts";

export type WeightFormat = "q8_0" | "f16";

/** By the numbers of the file format: the tensor's type and `general.file_type`. */
const formats = {
  q8_0: { tensorType: 8, fileType: 7, bytes: (weight: Weight) => quantizeQ8(weight.values) },
  f16: { tensorType: 1, fileType: 1, bytes: (weight: Weight) => halfBytes(weight.values) },
} as const;
const f32 = 0;
const tokenTypes = { normal: 1, control: 3 };

const chatTemplate =
  "{%- for message in messages %}{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{%- endfor %}" +
  "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}";

/** Ids of the control tokens, in this order. */
export const controlTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"] as const;
/** Stands at the first position of the models that want it, and nowhere else. */
const startToken = controlTokens.indexOf("<|endoftext|>");
/** Ends a message in ChatML, and stands between the documents of the training. */
export const separatorToken = controlTokens.indexOf("<|im_end|>");

/** Writes a vocabulary without weights: enough to tokenise with. */
export function writeVocabularyGguf(file: string, vocabulary: Vocabulary, recipe: Recipe): void {
  writeGguf(file, metadata(vocabulary, recipe, "f16"), []);
}

/** Writes a trained model. Norms stay f32, as llama.cpp's converter keeps them. */
export function writeModelGguf(
  file: string,
  vocabulary: Vocabulary,
  recipe: Recipe,
  weights: ReadonlyMap<string, Weight>,
  format: WeightFormat = "q8_0",
): void {
  const tensors = [...weights].map(([name, weight]) => tensor(name, weight, recipe, format));
  writeGguf(file, metadata(vocabulary, recipe, format), tensors);
}

function metadata(vocabulary: Vocabulary, recipe: Recipe, format: WeightFormat): Map<string, GgufEntry> {
  const { shape } = recipe;
  const types = vocabulary.tokens.map((_, token) =>
    token < vocabulary.controlTokens ? tokenTypes.control : tokenTypes.normal,
  );
  return new Map([
    ["general.architecture", text("llama")],
    ["general.name", text(recipe.title)],
    ["general.description", text(recipe.description)],
    ["general.license", text("MIT")],
    ["general.file_type", uint32(formats[format].fileType)],
    ["llama.vocab_size", uint32(vocabulary.tokens.length)],
    ["llama.context_length", uint32(shape.context)],
    ["llama.embedding_length", uint32(shape.width)],
    ["llama.block_count", uint32(shape.layers)],
    ["llama.feed_forward_length", uint32(shape.feedForward)],
    ["llama.attention.head_count", uint32(shape.heads)],
    ["llama.attention.head_count_kv", uint32(shape.heads)],
    ["llama.attention.layer_norm_rms_epsilon", float32(1e-5)],
    ["llama.rope.dimension_count", uint32(shape.width / shape.heads)],
    ["llama.rope.freq_base", float32(10_000)],
    ["tokenizer.ggml.model", text("gpt2")],
    ["tokenizer.ggml.pre", text("gpt-2")],
    ["tokenizer.ggml.tokens", list("string", vocabulary.tokens)],
    ["tokenizer.ggml.token_type", list("int32", types)],
    ["tokenizer.ggml.merges", list("string", vocabulary.merges)],
    ["tokenizer.ggml.bos_token_id", uint32(startToken)],
    ["tokenizer.ggml.eos_token_id", uint32(separatorToken)],
    ["tokenizer.ggml.padding_token_id", uint32(startToken)],
    ["tokenizer.ggml.add_bos_token", truth(recipe.start !== "anywhere")],
    ["tokenizer.ggml.add_eos_token", truth(false)],
    ["tokenizer.chat_template", text(chatTemplate)],
  ]);
}

/** Names of the training's parameters within a layer, and llama.cpp's. */
const layerNames: Readonly<Record<string, string>> = {
  attention_norm: "attn_norm",
  "attention.q.weight": "attn_q",
  "attention.k.weight": "attn_k",
  "attention.v.weight": "attn_v",
  "attention.output.weight": "attn_output",
  feed_forward_norm: "ffn_norm",
  "gate.weight": "ffn_gate",
  "up.weight": "ffn_up",
  "down.weight": "ffn_down",
};

function tensor(name: string, weight: Weight, recipe: Recipe, format: WeightFormat): TensorToWrite {
  const rotary = /attention\.[qk]\.weight$/.test(name);
  const stored = rotary ? interleaveRotaryRows(weight, recipe.shape.heads) : weight;
  const isVector = weight.shape.length === 1;
  return {
    name: tensorName(name),
    dimensions: [...weight.shape].reverse(),
    type: isVector ? f32 : formats[format].tensorType,
    data: () => (isVector ? floatBytes(stored.values) : formats[format].bytes(stored)),
  };
}

function tensorName(name: string): string {
  if (name === "embedding") return "token_embd.weight";
  if (name === "norm") return "output_norm.weight";
  const [, layer, part = ""] = /^blocks\.(\d+)\.(.+)$/.exec(name) ?? [];
  const known = layerNames[part];
  if (layer === undefined || known === undefined) throw new Error(`There is no place for the weight "${name}".`);
  return `blk.${layer}.${known}.weight`;
}

/**
 * Reorders the rows of a query or key matrix from pairs (i, i + headDim/2), which the training rotates, to the pairs
 * (2i, 2i + 1) that llama.cpp rotates in the llama architecture. Source: LlamaModel.permute in convert_hf_to_gguf.py.
 */
export function interleaveRotaryRows({ shape, values }: Weight, heads: number): Weight {
  const [rows = 0, columns = 0] = shape;
  const headDim = rows / heads;
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const [head, within] = [Math.floor(row / headDim), row % headDim];
    const source = head * headDim + Math.floor(within / 2) + (within % 2) * (headDim / 2);
    result.set(values.subarray(source * columns, (source + 1) * columns), row * columns);
  }
  return { shape, values: result };
}
