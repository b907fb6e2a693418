import { halfToFloat } from "./halfToFloat.ts";

/** Writes the elements of one block. */
export type DecodeBlock = (block: BlockReader, out: Float32Array) => void;

/** One block of a tensor: bytes by their place within it. Moved on from block to block. */
export class BlockReader {
  /** Where the block begins. */
  start = 0;

  constructor(private readonly view: DataView) {}

  byte(at: number): number {
    return this.view.getUint8(this.start + at);
  }

  signed(at: number): number {
    return this.view.getInt8(this.start + at);
  }

  half(at: number): number {
    return halfToFloat(this.view.getUint16(this.start + at, true));
  }

  short(at: number): number {
    return this.view.getUint16(this.start + at, true);
  }

  float(at: number): number {
    return this.view.getFloat32(this.start + at, true);
  }

  /** The bit of this number in bytes from `at` on, lowest first. */
  bit(at: number, index: number): number {
    return (this.byte(at + (index >> 3)) >> (index & 7)) & 1;
  }
}
