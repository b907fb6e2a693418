import type { Token } from "../../conversation/tokenSequence.ts";
import { GgufWeights, type Matrix } from "./ggufWeights.ts";
import { decoderShape, type DecoderShape } from "./decoderShape.ts";
import { unsupported } from "./unsupported.ts";

/** The attention of one layer to a text of n tokens. */
export interface LayerAttention {
  readonly layer: number;
  readonly heads: number;
  readonly tokens: number;
  /** `weights[(head * n + from) * n + to]`: softmax, 0 where `to` is behind `from`. */
  readonly weights: Float32Array;
}

/**
 * A decoder of the llama family, computed plainly in 32-bit floats: for what the engine does not tell (attention), and to
 * check what it tells. Slow: for small models and short texts.
 */
export class ReferenceModel {
  readonly shape: DecoderShape;
  private readonly weights: GgufWeights;

  /** @throws DaylongError `model-unsupported` */
  constructor(path: string) {
    this.weights = new GgufWeights(path);
    this.shape = decoderShape(this.weights.metadata);
  }

  /**
   * Reads a text from its beginning.
   *
   * @param onAttention is told each layer's attention, in order
   * @returns hidden states after the last layer, normalised: [tokens × width]
   */
  read(tokens: readonly Token[], onAttention?: (attention: LayerAttention) => void): Float32Array {
    const { shape, weights } = this;
    const hidden = embed(weights.matrix("token_embd.weight"), tokens);
    for (let layer = 0; layer < shape.layers; layer++) {
      const name = `blk.${layer}.`;
      const normed = normalise(hidden, this.vector(`${name}attn_norm.weight`), shape.epsilon);
      const attention = this.attend(normed, tokens.length, name);
      onAttention?.({ layer, heads: shape.heads, tokens: tokens.length, weights: attention.weights });
      add(hidden, this.project(attention.output, `${name}attn_output`));
      const ready = normalise(hidden, this.vector(`${name}ffn_norm.weight`), shape.epsilon);
      const gate = this.project(ready, `${name}ffn_gate`);
      const up = this.project(ready, `${name}ffn_up`);
      for (let index = 0; index < up.length; index++) up[index] = (up[index] ?? 0) * silu(gate[index] ?? 0);
      add(hidden, this.project(up, `${name}ffn_down`));
    }
    return normalise(hidden, this.vector("output_norm.weight"), shape.epsilon);
  }

  /** @param hidden what {@link read} returned @returns logits by token of the vocabulary, after the text's token `at` */
  logits(hidden: Float32Array, at: number): Float32Array {
    const output = this.weights.matrix(this.weights.has("output.weight") ? "output.weight" : "token_embd.weight");
    return multiply(hidden.subarray(at * this.shape.width, (at + 1) * this.shape.width), output);
  }

  close(): void {
    this.weights.close();
  }

  private attend(input: Float32Array, tokens: number, name: string): { output: Float32Array; weights: Float32Array } {
    const { heads, keyValueHeads, headSize } = this.shape;
    const queries = this.projectHeads(input, `${name}attn_q`, heads);
    const keys = this.projectHeads(input, `${name}attn_k`, keyValueHeads);
    const values = this.project(input, `${name}attn_v`);
    const weights = new Float32Array(heads * tokens * tokens);
    const output = new Float32Array(tokens * heads * headSize);
    for (let head = 0; head < heads; head++) {
      const shared = Math.floor((head * keyValueHeads) / heads);
      for (let from = 0; from < tokens; from++) {
        const row = weights.subarray((head * tokens + from) * tokens, (head * tokens + from) * tokens + from + 1);
        const query = (from * heads + head) * headSize;
        for (let to = 0; to <= from; to++) {
          const key = (to * keyValueHeads + shared) * headSize;
          let score = 0;
          for (let index = 0; index < headSize; index++) {
            score += (queries[query + index] ?? 0) * (keys[key + index] ?? 0);
          }
          row[to] = score / Math.sqrt(headSize);
        }
        softmax(row);
        for (let to = 0; to <= from; to++) {
          const weight = row[to] ?? 0;
          const value = (to * keyValueHeads + shared) * headSize;
          for (let index = 0; index < headSize; index++) {
            output[query + index] = (output[query + index] ?? 0) + weight * (values[value + index] ?? 0);
          }
        }
      }
    }
    return { output, weights };
  }

  /** Queries or keys: projected, normalised by head where the model does that, and rotated by position. */
  private projectHeads(input: Float32Array, name: string, heads: number): Float32Array {
    const { headSize, epsilon } = this.shape;
    const norm = this.weights.vector(`${name}_norm.weight`);
    const projected = this.project(input, name);
    const normed = norm === undefined ? projected : normalise(projected, norm, epsilon);
    const angles = rotationAngles(this.shape, this.weights.vector("rope_freqs.weight"));
    for (let start = 0; start < normed.length; start += headSize) {
      rotate(normed.subarray(start, start + headSize), Math.floor(start / (headSize * heads)), angles, this.shape);
    }
    return normed;
  }

  private project(input: Float32Array, name: string): Float32Array {
    const output = multiply(input, this.weights.matrix(`${name}.weight`));
    const bias = this.weights.vector(`${name}.bias`);
    if (bias !== undefined) {
      for (let index = 0; index < output.length; index++) {
        output[index] = (output[index] ?? 0) + (bias[index % bias.length] ?? 0);
      }
    }
    return output;
  }

  private vector(name: string): Float32Array {
    const vector = this.weights.vector(name);
    if (vector === undefined) throw unsupported(`There is no tensor ${name}.`);
    return vector;
  }
}

/** Negative log-likelihood of a token, in nats, by the logits of the whole vocabulary. */
export function lossOf(logits: Float32Array, token: Token): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) highest = Math.max(highest, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - highest);
  return highest + Math.log(sum) - (logits[token] ?? Number.NEGATIVE_INFINITY);
}

function embed({ columns, values }: Matrix, tokens: readonly Token[]): Float32Array {
  const hidden = new Float32Array(tokens.length * columns);
  for (const [index, token] of tokens.entries()) {
    hidden.set(values.subarray(token * columns, (token + 1) * columns), index * columns);
  }
  return hidden;
}

/** Each row of `input` times each row of `matrix`: [n × columns] → [n × rows]. */
function multiply(input: Float32Array, { rows, columns, values }: Matrix): Float32Array {
  const count = input.length / columns;
  const output = new Float32Array(count * rows);
  for (let row = 0; row < rows; row++) {
    const base = row * columns;
    for (let at = 0; at < count; at++) {
      const start = at * columns;
      let sum = 0;
      for (let index = 0; index < columns; index++) sum += (input[start + index] ?? 0) * (values[base + index] ?? 0);
      output[at * rows + row] = sum;
    }
  }
  return output;
}

/** Root mean square of each row is made 1, then each element is multiplied by its weight. */
function normalise(input: Float32Array, weight: Float32Array, epsilon: number): Float32Array {
  const output = new Float32Array(input.length);
  const size = weight.length;
  for (let start = 0; start < input.length; start += size) {
    let squares = 0;
    for (let index = 0; index < size; index++) squares += (input[start + index] ?? 0) ** 2;
    const scale = 1 / Math.sqrt(squares / size + epsilon);
    for (let index = 0; index < size; index++) {
      output[start + index] = (input[start + index] ?? 0) * scale * (weight[index] ?? 0);
    }
  }
  return output;
}

/** Angles by pair for one step of position (Su et al., RoFormer; llama 3 divides them by factors of its own). */
function rotationAngles(
  { rotated, ropeBase, positionScale }: DecoderShape,
  factors: Float32Array | undefined,
): number[] {
  return Array.from(
    { length: rotated / 2 },
    (_, pair) => (positionScale * ropeBase ** ((-2 * pair) / rotated)) / (factors?.[pair] ?? 1),
  );
}

function rotate(
  head: Float32Array,
  position: number,
  angles: readonly number[],
  { pairs, rotated }: DecoderShape,
): void {
  for (const [pair, angle] of angles.entries()) {
    const first = pairs === "neighbours" ? 2 * pair : pair;
    const second = pairs === "neighbours" ? first + 1 : pair + rotated / 2;
    const [cosine, sine] = [Math.cos(position * angle), Math.sin(position * angle)];
    const [left, right] = [head[first] ?? 0, head[second] ?? 0];
    head[first] = left * cosine - right * sine;
    head[second] = left * sine + right * cosine;
  }
}

function softmax(row: Float32Array): void {
  let highest = Number.NEGATIVE_INFINITY;
  for (const value of row) highest = Math.max(highest, value);
  let sum = 0;
  for (let index = 0; index < row.length; index++) {
    const value = Math.exp((row[index] ?? 0) - highest);
    row[index] = value;
    sum += value;
  }
  for (let index = 0; index < row.length; index++) row[index] = (row[index] ?? 0) / sum;
}

function silu(value: number): number {
  return value / (1 + Math.exp(-value));
}

function add(to: Float32Array, other: Float32Array): void {
  for (let index = 0; index < to.length; index++) to[index] = (to[index] ?? 0) + (other[index] ?? 0);
}
