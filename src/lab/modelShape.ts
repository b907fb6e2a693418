import { ModelMetadata } from "../engine/worker/modelTraits.ts";
import { readGgufHeader } from "../engine/worker/ggufHeader.ts";

/** What decides how long a token takes and how much memory it needs. */
export interface ModelShape {
  readonly layers: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  /** Elements of a key that are rotated. */
  readonly rotated: number;
  /** Weights that a token goes through: all but the table of embeddings, unless it is the output as well. */
  readonly activeParameters: number;
  readonly parameters: number;
}

/** Bytes of an element of the cache: 16 bits. */
const cacheBytes = 2;

export function modelShape(file: string): ModelShape {
  const metadata = new ModelMetadata(readGgufHeader(file));
  const { tensors } = metadata.header;
  const count = (name?: string): number =>
    tensors
      .filter((tensor) => name === undefined || tensor.name === name)
      .reduce((sum, { dimensions }) => sum + dimensions.reduce((product, size) => product * size, 1), 0);
  const heads = metadata.number(".attention.head_count") ?? 1;
  const headDim = metadata.number(".attention.key_length") ?? (metadata.number(".embedding_length") ?? 0) / heads;
  const parameters = count();
  return {
    layers: metadata.number(".block_count") ?? 0,
    keyValueHeads: metadata.number(".attention.head_count_kv") ?? heads,
    headDim,
    rotated: metadata.number(".rope.dimension_count") ?? headDim,
    parameters,
    activeParameters: parameters - (metadata.hasTensor("output.weight") ? count("token_embd.weight") : 0),
  };
}

/** Bytes of keys and values of so many cells. */
export function keyValueBytes({ layers, keyValueHeads, headDim }: ModelShape, cells: number): number {
  return 2 * layers * keyValueHeads * headDim * cacheBytes * cells;
}

/** Bytes that a shift reads and writes: the rotated part of the keys of all cells. */
export function shiftBytes({ layers, keyValueHeads, rotated }: ModelShape, cells: number): number {
  return 2 * cells * layers * keyValueHeads * rotated * cacheBytes;
}
