import { halfBytes } from "../fixtures/gguf/randomWeights.ts";

const blockElements = 32;
const blockBytes = 34;

/**
 * Quantises to q8_0: of each 32 values the scale (f16, the largest magnitude over 127) and 32 signed bytes. The length
 * must be a multiple of 32. Source: quantize_row_q8_0_ref in ggml-quants.c.
 */
export function quantizeQ8(values: Float32Array): Buffer {
  const bytes = Buffer.alloc((values.length / blockElements) * blockBytes);
  for (let block = 0; block * blockElements < values.length; block++) {
    const part = values.subarray(block * blockElements, (block + 1) * blockElements);
    const scale = part.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) / 127;
    halfBytes([scale]).copy(bytes, block * blockBytes);
    if (scale === 0) continue;
    for (const [index, value] of part.entries()) {
      bytes.writeInt8(Math.round(value / scale), block * blockBytes + 2 + index);
    }
  }
  return bytes;
}
