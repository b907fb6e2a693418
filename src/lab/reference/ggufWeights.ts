import { closeSync, openSync, readSync } from "node:fs";
import { DaylongError } from "../../base/errors.ts";
import { readGgufHeader, type GgufHeader } from "../../engine/worker/ggufHeader.ts";
import { ModelMetadata } from "../../engine/worker/modelTraits.ts";

/** A matrix as ggml keeps it: `rows` outputs of `columns` inputs each, row after row. A vector has one row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/** Bytes of weights (as 32-bit floats) that are kept in memory; larger models are read again for each use. */
const keptBytes = 512e6;

/** The weights of a GGUF file as 32-bit floats: F32, F16, BF16 and Q8_0. */
export class GgufWeights {
  readonly metadata: ModelMetadata;
  private readonly header: GgufHeader;
  private readonly file: number;
  private readonly kept = new Map<string, Matrix>();
  private readonly keepsAll: boolean;

  constructor(path: string) {
    this.header = readGgufHeader(path);
    this.metadata = new ModelMetadata(this.header);
    this.file = openSync(path, "r");
    const elements = this.header.tensors.reduce((sum, { dimensions }) => sum + product(dimensions), 0);
    this.keepsAll = 4 * elements <= keptBytes;
  }

  has(name: string): boolean {
    return this.metadata.hasTensor(name);
  }

  /** @throws DaylongError `model-unsupported` if it is not there or in a format that is not read here */
  matrix(name: string): Matrix {
    const known = this.kept.get(name);
    if (known !== undefined) return known;
    const tensor = this.header.tensors.find((candidate) => candidate.name === name);
    if (tensor === undefined) throw unsupported(`There is no tensor ${name}.`);
    const bytes = Buffer.alloc(tensor.bytes);
    readSync(this.file, bytes, 0, bytes.length, this.header.dataOffset + tensor.offset);
    const columns = tensor.dimensions[0] ?? 1;
    const elements = product(tensor.dimensions);
    const matrix = { columns, rows: elements / columns, values: decodeElements(bytes, tensor.type) };
    if (this.keepsAll) this.kept.set(name, matrix);
    return matrix;
  }

  /** @returns undefined where the file has no such vector */
  vector(name: string): Float32Array | undefined {
    return this.has(name) ? this.matrix(name).values : undefined;
  }

  close(): void {
    closeSync(this.file);
  }
}

export function unsupported(detail: string): DaylongError {
  return new DaylongError("model-unsupported", `The reference computation does not know this kind of model. ${detail}`);
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((left, right) => left * right, 1);
}

/** Bytes of one of ggml's types for {@link decodeElements}: how many bytes hold how many elements. */
const blocks: Readonly<Record<number, readonly [bytes: number, elements: number]>> = {
  0: [4, 1],
  1: [2, 1],
  8: [34, 32],
  30: [2, 1],
};

/**
 * @param type as numbered by ggml (ggml.h): F32, F16, Q8_0 or BF16
 * @throws DaylongError `model-unsupported` for another
 */
export function decodeElements(bytes: Buffer, type: number): Float32Array {
  const [blockBytes, blockElements] = blocks[type] ?? [1, 0];
  const elements = (bytes.length / blockBytes) * blockElements;
  const values = new Float32Array(elements);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type) {
    case 0:
      for (let index = 0; index < elements; index++) values[index] = view.getFloat32(4 * index, true);
      return values;
    case 1:
      for (let index = 0; index < elements; index++) values[index] = halfToFloat(view.getUint16(2 * index, true));
      return values;
    case 8:
      // Blocks of 32: a scale in half precision, then 32 signed bytes.
      for (let block = 0; block < elements / 32; block++) {
        const scale = halfToFloat(view.getUint16(34 * block, true));
        for (let index = 0; index < 32; index++) {
          values[32 * block + index] = scale * view.getInt8(34 * block + 2 + index);
        }
      }
      return values;
    case 30: {
      const bits = new Uint32Array(values.buffer);
      for (let index = 0; index < elements; index++) bits[index] = view.getUint16(2 * index, true) << 16;
      return values;
    }
    default:
      throw unsupported(
        "It reads weights that are kept as F32, F16, BF16 or Q8_0. Look for another quantisation of the model.",
      );
  }
}

/** IEEE half precision. */
function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
