import { closeSync, openSync, readSync } from "node:fs";
import { readGgufHeader, type GgufHeader } from "../../engine/worker/ggufHeader.ts";
import { ModelMetadata } from "../../engine/worker/modelTraits.ts";
import { decodeElements } from "./tensorTypes.ts";
import { unsupported } from "./unsupported.ts";

/** A matrix as ggml keeps it: `rows` outputs of `columns` inputs each, row after row. A vector has one row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/** Bytes of weights (as 32-bit floats) that are kept in memory; larger models are read again for each use. */
const keptBytes = 512e6;

/** The weights of a GGUF file as 32-bit floats. */
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

function product(sizes: readonly number[]): number {
  return sizes.reduce((left, right) => left * right, 1);
}
