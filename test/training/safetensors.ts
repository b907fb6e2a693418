import { readFileSync } from "node:fs";

/** A matrix or vector in row-major order. */
export interface Weight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Reads a safetensors file of 32-bit floats: the length of a JSON header (64 bits), the header, the bytes. */
export function readSafetensors(file: string): Map<string, Weight> {
  const bytes = readFileSync(file);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString("utf8", 8, start)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  return new Map(
    Object.entries(header).map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to],
        },
      ]) => {
        if (dtype !== "F32") throw new Error(`${name} is ${dtype}; only F32 is read.`);
        const copy = Uint8Array.from(bytes.subarray(start + from, start + to));
        return [name, { shape, values: new Float32Array(copy.buffer) }];
      },
    ),
  );
}
