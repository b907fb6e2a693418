import assert from "node:assert/strict";
import { compareStates } from "../fixtures/engine/cacheComparison.ts";
import type { SavedState } from "../fixtures/engine/stateFile.ts";

/** Keys of half floats, by layer and position. */
function state(tokens: readonly number[], keys: readonly (readonly (readonly number[])[])[]): SavedState {
  return { tokens, keys: keys.map((layer) => layer.map((key) => Buffer.from(Uint16Array.from(key).buffer))) };
}

/** 1, -2 and 0.5 in half precision. */
const [one, minusTwo, half] = [0x3c00, 0xc000, 0x3800];

describe("the comparison of caches", () => {
  const fresh = state(
    [5, 6],
    [
      [
        [one, minusTwo],
        [half, one],
      ],
      [
        [one, one],
        [one, one],
      ],
    ],
  );

  it("finds equal keys equal", () => {
    assert.deepEqual(compareStates(fresh, fresh, 2), { tokens: 2, layers: 2, worst: 0 });
  });

  it("tells how far a key is off, by its length, in the layers that it looks at", () => {
    const held = state(
      [5, 6],
      [
        [
          [one, minusTwo],
          [half, minusTwo],
        ],
        [
          [one, one],
          [one, half],
        ],
      ],
    );
    assert.ok(Math.abs(compareStates(held, fresh, 1).worst - 3 / Math.sqrt(1.25)) < 1e-6);
    const same = state(
      [5, 6],
      [
        fresh.keys[0]!.map((key) => [key.readUInt16LE(0), key.readUInt16LE(2)]),
        [
          [one, one],
          [one, half],
        ],
      ],
    );
    assert.equal(compareStates(same, fresh, 1).worst, 0);
    assert.ok(Math.abs(compareStates(same, fresh, 2).worst - 0.5 / Math.SQRT2) < 1e-6);
  });

  it("takes other tokens and missing keys for wrong", () => {
    const [first = []] = fresh.keys;
    assert.equal(compareStates({ ...fresh, tokens: [5, 7] }, fresh, 1).worst, Number.POSITIVE_INFINITY);
    assert.equal(compareStates({ ...fresh, keys: [first.slice(1)] }, fresh, 1).worst, Number.POSITIVE_INFINITY);
  });
});
