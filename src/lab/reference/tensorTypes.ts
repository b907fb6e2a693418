import { tensorBlocks } from "../../engine/worker/ggufFormat.ts";
import { BlockReader, type DecodeBlock } from "./blockReader.ts";
import { iq4, q4, q4WithLeast, q5, q5WithLeast, q8 } from "./smallBlocks.ts";
import { iq4Xs, q2K, q3K, q4K, q5K, q6K } from "./superBlocks.ts";
import { unsupported } from "./unsupported.ts";

/** By ggml's number of the type, with its name. */
const types: ReadonlyMap<number, readonly [name: string, decode: DecodeBlock]> = new Map([
  [0, ["F32", single]],
  [1, ["F16", half]],
  [2, ["Q4_0", q4]],
  [3, ["Q4_1", q4WithLeast]],
  [6, ["Q5_0", q5]],
  [7, ["Q5_1", q5WithLeast]],
  [8, ["Q8_0", q8]],
  [10, ["Q2_K", q2K]],
  [11, ["Q3_K", q3K]],
  [12, ["Q4_K", q4K]],
  [13, ["Q5_K", q5K]],
  [14, ["Q6_K", q6K]],
  [20, ["IQ4_NL", iq4]],
  [23, ["IQ4_XS", iq4Xs]],
  [30, ["BF16", brain]],
]);

/** Names of the types that are read here, by number. */
export const readTypes: ReadonlyMap<number, string> = new Map([...types].map(([type, [name]]) => [type, name]));

/**
 * The elements of whole blocks, as 32-bit floats.
 *
 * @param type as numbered by ggml (ggml.h)
 * @throws DaylongError `model-unsupported` for a type that is not read here
 */
export function decodeElements(bytes: Buffer, type: number): Float32Array {
  const [, decode] = types.get(type) ?? [];
  const size = tensorBlocks.get(type);
  if (decode === undefined || size === undefined) {
    const names = [...readTypes.values()].join(", ");
    throw unsupported(`It reads weights that are kept as ${names}. Look for another quantisation of the model.`);
  }
  const values = new Float32Array((bytes.length / size.bytes) * size.elements);
  const block = new BlockReader(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  // Elements that stand alone are read together: a call for each would take most of the time.
  const length = size.elements === 1 ? values.length : size.elements;
  for (let at = 0; at < values.length; at += length, block.start += size.bytes) {
    decode(block, values.subarray(at, at + length));
  }
  return values;
}

function single(block: BlockReader, out: Float32Array): void {
  for (let index = 0; index < out.length; index++) out[index] = block.float(4 * index);
}

function half(block: BlockReader, out: Float32Array): void {
  for (let index = 0; index < out.length; index++) out[index] = block.half(2 * index);
}

/** The upper halves of 32-bit floats. */
function brain(block: BlockReader, out: Float32Array): void {
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let index = 0; index < out.length; index++) bits[index] = block.short(2 * index) << 16;
}
