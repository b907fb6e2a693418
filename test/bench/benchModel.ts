import { existsSync, mkdirSync, renameSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { GgufEntry } from "../../src/engine/worker/ggufFormat.ts";
import { byteVocabulary } from "../fixtures/gguf/byteVocabulary.ts";
import { floatBytes, halfBytes, SeededRandom } from "../fixtures/gguf/randomWeights.ts";
import { float32, text, uint32, writeGguf, type TensorToWrite } from "../fixtures/gguf/writeGguf.ts";

/** What decides how long a token takes. */
interface Shape {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly feedForward: number;
  readonly vocabulary: number;
}

/** Qwen2.5-0.5B's own, and one with a sixth of its layers for a quick look. */
const shapes = {
  full: { layers: 24, width: 896, heads: 14, keyValueHeads: 2, feedForward: 4864, vocabulary: 151_936 },
  quick: { layers: 4, width: 896, heads: 14, keyValueHeads: 2, feedForward: 4864, vocabulary: 8_192 },
} as const satisfies Readonly<Record<string, Shape>>;

export type ShapeName = keyof typeof shapes;

const q8 = { type: 8, elements: 32, bytes: 34 };
const f32 = 0;
/** Tokens of the byte vocabulary that stand for a letter: the only ones that this model ever says. */
const letters = { first: "a".charCodeAt(0), last: "z".charCodeAt(0) };

/**
 * A model with random 8-bit weights in the shape of Qwen2.5-0.5B, written once (530 MB, a few seconds) and kept. Random
 * weights take the same time as trained ones. A character is a token, and replies are letters without end: the text of a
 * reply has as many tokens as the reply, so that software that keeps text instead of tokens has no disadvantage from it.
 */
export function benchModel(name: ShapeName): string {
  const folder = fileURLToPath(new URL("../../.rig/bench", import.meta.url));
  const file = path.join(folder, `qwen2-0.5b-${name}.q8_0.gguf`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  process.stderr.write(`Writing a model with random weights to ${file}…\n`);
  write(`${file}.new`, shapes[name]);
  renameSync(`${file}.new`, file);
  return file;
}

function write(file: string, shape: Shape): void {
  const plain = byteVocabulary();
  const vocabulary = byteVocabulary(shape.vocabulary - plain.size);
  const key = (name: string): string => `qwen2.${name}`;
  const metadata = new Map<string, GgufEntry>([
    ["general.architecture", text("qwen2")],
    ["general.name", text("random 0.5B")],
    ["general.file_type", uint32(7)],
    [key("context_length"), uint32(32_768)],
    [key("embedding_length"), uint32(shape.width)],
    [key("block_count"), uint32(shape.layers)],
    [key("feed_forward_length"), uint32(shape.feedForward)],
    [key("attention.head_count"), uint32(shape.heads)],
    [key("attention.head_count_kv"), uint32(shape.keyValueHeads)],
    [key("attention.layer_norm_rms_epsilon"), float32(1e-6)],
    [key("rope.freq_base"), float32(1_000_000)],
    ...vocabulary.entries,
  ]);
  writeGguf(file, metadata, [...outer(shape), ...layers(shape)]);
}

function outer({ width, vocabulary }: Shape): TensorToWrite[] {
  const random = randomRows();
  return [
    {
      name: "token_embd.weight",
      dimensions: [width, vocabulary],
      type: q8.type,
      data: () => {
        const data = Buffer.alloc((width / q8.elements) * q8.bytes * vocabulary);
        const row = (width / q8.elements) * q8.bytes;
        for (let token = letters.first; token <= letters.last; token++) random(width, 1).copy(data, token * row);
        return data;
      },
    },
    ones("output_norm.weight", width),
  ];
}

function layers({ layers: count, width, heads, keyValueHeads, feedForward }: Shape): TensorToWrite[] {
  const random = randomRows();
  const keyValueWidth = (width / heads) * keyValueHeads;
  const matrix = (name: string, inputs: number, outputs: number): TensorToWrite => ({
    name,
    dimensions: [inputs, outputs],
    type: q8.type,
    data: () => random(inputs, outputs),
  });
  return Array.from({ length: count }, (_, layer) => layer).flatMap((layer) => {
    const name = (part: string): string => `blk.${layer}.${part}`;
    return [
      ones(name("attn_norm.weight"), width),
      matrix(name("attn_q.weight"), width, width),
      matrix(name("attn_k.weight"), width, keyValueWidth),
      matrix(name("attn_v.weight"), width, keyValueWidth),
      vector(name("attn_q.bias"), width, 0),
      vector(name("attn_k.bias"), keyValueWidth, 0),
      vector(name("attn_v.bias"), keyValueWidth, 0),
      matrix(name("attn_output.weight"), width, width),
      ones(name("ffn_norm.weight"), width),
      matrix(name("ffn_gate.weight"), width, feedForward),
      matrix(name("ffn_up.weight"), width, feedForward),
      matrix(name("ffn_down.weight"), feedForward, width),
    ];
  });
}

function ones(name: string, length: number): TensorToWrite {
  return vector(name, length, 1);
}

function vector(name: string, length: number, value: number): TensorToWrite {
  return { name, dimensions: [length], type: f32, data: () => floatBytes(new Float32Array(length).fill(value)) };
}

/** Rows of 8-bit blocks, each from another place of one pool of random blocks: as random as timing needs. */
function randomRows(): (inputs: number, outputs: number) => Buffer {
  const random = new SeededRandom(20_260_101);
  const blocks = 8_192;
  const pool = Buffer.alloc(blocks * q8.bytes);
  for (let index = 0; index < pool.length; index++) pool[index] = random.below(256);
  return (inputs, outputs) => {
    const rowBlocks = inputs / q8.elements;
    const data = Buffer.alloc(rowBlocks * q8.bytes * outputs);
    // The root mean square of a random byte is 74.
    const scale = halfBytes([1 / Math.sqrt(inputs) / 74]);
    for (let row = 0; row < outputs; row++) {
      const from = random.below(blocks - rowBlocks) * q8.bytes;
      pool.copy(data, row * rowBlocks * q8.bytes, from, from + rowBlocks * q8.bytes);
    }
    for (let block = 0; block < data.length; block += q8.bytes) scale.copy(data, block);
    return data;
  };
}
