import type { BlockReader, DecodeBlock } from "./blockReader.ts";

// Blocks of 32 elements. Where an element has less than a byte, the lower halves of 16 bytes hold the first 16 elements and
// the upper halves the other 16.

const half = 16;

/** A scale and signed bytes. */
export const q8: DecodeBlock = (block, out) => {
  const scale = block.half(0);
  for (let index = 0; index < out.length; index++) out[index] = scale * block.signed(2 + index);
};

/** A scale and four bits around 8. */
export const q4: DecodeBlock = (block, out) => {
  const scale = block.half(0);
  nibbles(block, 2, out, (value) => scale * (value - 8));
};

/** A scale, a least value and four bits above it. */
export const q4WithLeast: DecodeBlock = (block, out) => {
  const [scale, least] = [block.half(0), block.half(2)];
  nibbles(block, 4, out, (value) => scale * value + least);
};

/** As {@link q4} with a fifth bit for each element. */
export const q5: DecodeBlock = (block, out) => {
  const scale = block.half(0);
  nibbles(block, 6, out, (value, index) => scale * (value + 16 * block.bit(2, index) - 16));
};

/** As {@link q4WithLeast} with a fifth bit for each element. */
export const q5WithLeast: DecodeBlock = (block, out) => {
  const [scale, least] = [block.half(0), block.half(2)];
  nibbles(block, 8, out, (value, index) => scale * (value + 16 * block.bit(4, index)) + least);
};

/** What four bits stand for where they are no numbers but places in this table (ggml's `kvalues_iq4nl`). */
export const nonLinear = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

/** A scale and four bits each of {@link nonLinear}. */
export const iq4: DecodeBlock = (block, out) => {
  const scale = block.half(0);
  nibbles(block, 2, out, (value) => scale * (nonLinear[value] ?? 0));
};

/** @param at of the first of the 16 bytes */
export function nibbles(
  block: BlockReader,
  at: number,
  out: Float32Array,
  value: (bits: number, index: number) => number,
): void {
  for (let index = 0; index < half; index++) {
    const byte = block.byte(at + index);
    out[index] = value(byte & 0xf, index);
    out[index + half] = value(byte >> 4, index + half);
  }
}
