import type { BlockReader, DecodeBlock } from "./blockReader.ts";
import { nibbles, nonLinear } from "./smallBlocks.ts";

// Blocks of 256 elements in groups of 16 or 32, each with a scale of few bits of its own (llama.cpp's "K quants", and
// IQ4_XS). An element's bits lie apart: the comments say where. Layouts: ggml-common.h.

/** Scales and leasts of 4 bits for 16 elements; 2 bits each, four elements that are 32 apart in a byte. */
export const q2K: DecodeBlock = (block, out) => {
  const [scale, least] = [block.half(80), block.half(82)];
  for (let index = 0; index < out.length; index++) {
    const group = block.byte(index >> 4);
    out[index] = scale * (group & 0xf) * twoBits(block, 16, index) - least * (group >> 4);
  }
};

/** Scales of 6 bits for 16 elements; 2 bits each as in {@link q2K}, and one that is 0 where 4 is taken away. */
export const q3K: DecodeBlock = (block, out) => {
  const scale = block.half(108);
  for (let index = 0; index < out.length; index++) {
    const group = index >> 4;
    const low = block.byte(96 + (group & 7)) >> (group < 8 ? 0 : 4);
    const high = block.byte(104 + (group & 3)) >> (2 * (group >> 2));
    const above = (block.byte(index & 31) >> (index >> 5)) & 1;
    out[index] = scale * (((low & 0xf) | ((high & 3) << 4)) - 32) * (twoBits(block, 32, index) - (above ? 0 : 4));
  }
};

/** Scales and leasts of 6 bits for 32 elements; 4 bits each, two elements that are 32 apart in a byte. */
export const q4K: DecodeBlock = (block, out) => {
  withScalesAndLeasts(block, out, (index) => fourBits(block, 16, index));
};

/** As {@link q4K} with a fifth bit, of eight elements that are 32 apart in a byte. */
export const q5K: DecodeBlock = (block, out) => {
  const fifth = (index: number): number => (block.byte(16 + (index & 31)) >> (index >> 5)) & 1;
  withScalesAndLeasts(block, out, (index) => fourBits(block, 48, index) + 16 * fifth(index));
};

/** Signed scales of 8 bits for 16 elements; in each half 4 bits, two elements 64 apart, and 2 bits, four elements 32 apart. */
export const q6K: DecodeBlock = (block, out) => {
  const scale = block.half(208);
  for (let index = 0; index < out.length; index++) {
    const [part, within] = [index >> 7, index & 127];
    const low = block.byte(64 * part + (within & 63)) >> (within < 64 ? 0 : 4);
    const high = block.byte(128 + 32 * part + (within & 31)) >> (2 * (within >> 5));
    out[index] = scale * block.signed(192 + (index >> 4)) * (((low & 0xf) | ((high & 3) << 4)) - 32);
  }
};

/** Scales of 6 bits for 32 elements; 4 bits each of a table, as in blocks of 32. */
export const iq4Xs: DecodeBlock = (block, out) => {
  const [scale, highs] = [block.half(0), block.short(2)];
  for (let group = 0; group < 8; group++) {
    const low = block.byte(4 + (group >> 1)) >> (4 * (group & 1));
    const own = scale * (((low & 0xf) | (((highs >> (2 * group)) & 3) << 4)) - 32);
    const values = out.subarray(32 * group, 32 * (group + 1));
    nibbles(block, 8 + 16 * group, values, (bits) => own * (nonLinear[bits] ?? 0));
  }
};

/** In each half of the block: four elements that are 32 apart in a byte. */
function twoBits(block: BlockReader, at: number, index: number): number {
  const within = index & 127;
  return (block.byte(at + 32 * (index >> 7) + (within & 31)) >> (2 * (within >> 5))) & 3;
}

/** In each quarter of the block: two elements that are 32 apart in a byte. */
function fourBits(block: BlockReader, at: number, index: number): number {
  const byte = block.byte(at + 32 * (index >> 6) + (index & 31));
  return (index & 32) === 0 ? byte & 0xf : byte >> 4;
}

/** Eight scales and leasts of 6 bits in 12 bytes: the upper two bits of the last four lie above those of the first four. */
function withScalesAndLeasts(block: BlockReader, out: Float32Array, value: (index: number) => number): void {
  const [scale, least] = [block.half(0), block.half(2)];
  for (let group = 0; group < 8; group++) {
    const [first, second] = [block.byte(4 + (group & 3)), block.byte(8 + (group & 3))];
    const packed = group < 4 ? 0 : block.byte(12 + (group & 3));
    const ownScale = scale * (group < 4 ? first & 63 : (packed & 0xf) | ((first >> 6) << 4));
    const ownLeast = least * (group < 4 ? second & 63 : (packed >> 4) | ((second >> 6) << 4));
    for (let index = 32 * group; index < 32 * (group + 1); index++) out[index] = ownScale * value(index) - ownLeast;
  }
}
