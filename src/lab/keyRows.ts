import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Token } from "../conversation/tokenSequence.ts";
import type { LabCells } from "./labCells.ts";
import { decodeElements } from "./reference/tensorTypes.ts";

/** The keys of cells as they are kept: rotated to their positions, in the precision of the cache. */
export interface KeyRows {
  /** Ascending. */
  readonly positions: readonly number[];
  /** By layer, then by position: the keys of all heads, one behind the other. */
  readonly layers: readonly (readonly Float32Array[])[];
}

/**
 * The keys of all cells. Nothing is changed by looking: what the library evaluates anew when it writes cells is `probe`,
 * which is taken away again.
 *
 * @param probe any token; where the cells were moved, the keys are rotated when it is evaluated
 */
export async function keysOf(cells: LabCells, probe: Token): Promise<KeyRows> {
  const folder = mkdtempSync(path.join(tmpdir(), "daylong-keys-"));
  try {
    const file = path.join(folder, "cells");
    await cells.append([probe]);
    await cells.saveState(file);
    cells.dropLast(1);
    const { positions, layers } = parseKeyRows(readFileSync(file));
    return { positions: positions.slice(0, -1), layers: layers.map((rows) => rows.slice(0, -1)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const magic = 0x67677371;
const version = 3;

/**
 * Reads llama.cpp's file of one sequence (`llama_state_seq_save_file`): a header with the tokens, then the cells with their
 * positions, then by layer the keys, then the values, which are not looked at.
 *
 * @throws Error if the file is of another version, or of cells that are no plain keys and values
 */
function parseKeyRows(bytes: Buffer): KeyRows {
  let offset = 0;
  const next = (): number => bytes.readInt32LE((offset += 4) - 4);
  const expect = (expected: number, what: string): void => {
    const found = next();
    if (found !== expected) throw new Error(`cells were written in another way: ${what} is ${found}, not ${expected}`);
  };
  expect(magic, "the magic number");
  expect(version, "the version");
  const tokens = next();
  offset += 4 * tokens;
  expect(1, "the number of streams");
  const places = Array.from({ length: next() }, (_, row) => {
    const position = next();
    expect(1, "the number of sequences of a cell");
    next(); // which sequence
    return { position, row };
  }).sort((left, right) => left.position - right.position);
  next(); // how values are laid out
  const layers = Array.from({ length: next() }, () => {
    const type = next();
    const rowBytes = Number(bytes.readBigUInt64LE(offset));
    offset += 8;
    const rows = Array.from(places, (_, row) => bytes.subarray(offset + row * rowBytes, offset + (row + 1) * rowBytes));
    offset += places.length * rowBytes;
    return places.map(({ row }) => decodeElements(rows[row] ?? Buffer.alloc(0), type));
  });
  return { positions: places.map(({ position }) => position), layers };
}

/** Length (root of the sum of squares) of the keys of the first `count` positions, over all layers. */
export function keyLength({ layers }: KeyRows, count: number): number {
  const rows = layers.flatMap((layer) => layer.slice(0, count));
  return Math.sqrt(rows.reduce((sum, row) => row.reduce((total, value) => total + value ** 2, sum), 0));
}

/** How far keys are from what they were: the length of the difference over the length of the keys, over all layers and cells. */
export interface KeyErrors {
  readonly all: number;
  /** Of the element of a head that is worst off, and of the one that is best off. */
  readonly worst: number;
  readonly best: number;
}

/**
 * @param headSize elements of a head
 * @throws Error if they are of other positions: a rotation is no error
 */
export function keyErrors(keys: KeyRows, before: KeyRows, headSize: number): KeyErrors {
  if (String(keys.positions) !== String(before.positions)) throw new Error("the keys are of other positions");
  const differences = new Float64Array(headSize);
  const lengths = new Float64Array(headSize);
  for (const [layer, rows] of before.layers.entries()) {
    for (const [row, values] of rows.entries()) {
      const now = keys.layers[layer]?.[row];
      for (const [index, value] of values.entries()) {
        const element = index % headSize;
        differences[element] = (differences[element] ?? 0) + ((now?.[index] ?? Number.NaN) - value) ** 2;
        lengths[element] = (lengths[element] ?? 0) + value ** 2;
      }
    }
  }
  const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
  const byElement = Array.from(differences, (difference, element) => Math.sqrt(difference / (lengths[element] ?? 0)));
  return {
    all: Math.sqrt(sum(differences) / sum(lengths)),
    worst: Math.max(...byElement),
    best: Math.min(...byElement),
  };
}
