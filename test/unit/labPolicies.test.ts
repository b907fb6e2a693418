import assert from "node:assert/strict";
import { boundaryStreaming, dense, recomputation, slidingWindow, streaming } from "../../src/lab/policies.ts";
import { readOnce, type CachePolicy } from "../../src/lab/policy.ts";
import { positionsBehind } from "../../src/lab/scoredPositions.ts";
import { evenTurns, turnAligned } from "../../src/lab/turnAligned.ts";
import { FakeCells } from "../fixtures/fakeCells.ts";

const window = 32;
const length = 300;
/** Each token is its own position. */
const tokens = Array.from({ length }, (_, index) => index);
const scored = positionsBehind(window, length, 3);

async function read(policy: CachePolicy): Promise<{ cells: FakeCells; losses: number[] }> {
  const cells = new FakeCells();
  return { cells, losses: [...(await policy.read(cells.asCells, { tokens, scored }))] };
}

describe("policies of the lab", () => {
  it("scores every n-th position behind the first window", () => {
    assert.deepEqual(positionsBehind(10, 20, 3), [13, 16, 19]);
    assert.deepEqual(positionsBehind(10, 19, 3), [13, 16]);
    assert.deepEqual(positionsBehind(10, 10, 3), []);
  });

  it("evaluates every token once and answers for every position that is asked", async () => {
    const limits = { reserve: 0, highWater: window, lowWater: window - 4 };
    const policies = [
      dense(length),
      slidingWindow(window),
      streaming(4, window),
      streaming(4, window, 8),
      boundaryStreaming("turns", 4, window, 7, [10, 20, 35, 50, 90, 120, 200]),
      turnAligned(4, evenTurns(4, length, 5), limits),
    ];
    for (const policy of policies) {
      const { cells, losses } = await read(policy);
      assert.equal(cells.decodedTokens, length, policy.name);
      assert.equal(losses.length, scored.length, policy.name);
      assert(
        losses.every((loss) => loss >= 1 && loss <= (policy.name === "dense" ? length : window)),
        policy.name,
      );
    }
  });

  it("predicts from a full window where one token goes at a time, as re-computation does", async () => {
    for (const policy of [
      slidingWindow(window),
      streaming(4, window),
      recomputation(window),
      recomputation(window, 4),
    ]) {
      const { losses } = await read(policy);
      assert(
        losses.every((loss) => loss === window),
        policy.name,
      );
    }
  });

  it("keeps the sinks and the newest tokens", async () => {
    const { cells } = await read(streaming(4, window, 8));
    assert.deepEqual(cells.tokens.slice(0, 4), [0, 1, 2, 3]);
    for (const { before, after } of cells.evictions) {
      assert.deepEqual(after, [...before.slice(0, 4), ...before.slice(12)]);
    }
    const { cells: slid } = await read(slidingWindow(window));
    assert.deepEqual(slid.tokens, tokens.slice(-window));
  });

  it("evaluates the head and the last tokens for each position in re-computation", async () => {
    const seen: (readonly number[])[] = [];
    const cells = new FakeCells();
    cells.score = async (block, targets) => {
      seen.push(block);
      return FakeCells.prototype.score.call(cells, block, targets);
    };
    await recomputation(window, 4).read(cells.asCells, { tokens, scored: [40, 299] });
    assert.deepEqual(seen, [
      [0, 1, 2, 3, ...tokens.slice(12, 40)],
      [0, 1, 2, 3, ...tokens.slice(271, 299)],
    ]);
  });

  it("ends an eviction at the boundary next to what should be freed, and anywhere where there is none", async () => {
    const starts = [9, 14, 18, 40, 41, 60];
    const { cells } = await read(boundaryStreaming("turns", 4, window, 10, starts));
    const keptFrom = cells.evictions.map(({ after }) => after[4]);
    assert.deepEqual(keptFrom.slice(0, 5), [14, 18, 40, 41, 60]);
    assert.equal(keptFrom[5], 70, "no boundary is left: it is cut where it is");
  });

  it("forgets whole turns by the product's plan, but for the turn that is still being read", async () => {
    const turns = evenTurns(4, length, 5);
    const limits = { reserve: 0, highWater: window, lowWater: window - 4 };
    const { cells } = await read(turnAligned(4, turns, limits));
    const starts = new Set(turns.map(({ start }) => start));
    assert(cells.evictions.length > 10);
    for (const { before, after } of cells.evictions) {
      assert.deepEqual(after.slice(0, 4), [0, 1, 2, 3]);
      assert(starts.has(after[4] ?? -1), `begins with ${String(after[4])}`);
      assert(before.length - after.length >= 7, "at least a quarter of what may go");
    }
  });

  it("asks at the right tokens, whatever blocks the text is read in", async () => {
    const cells = new FakeCells();
    const losses: [number, number][] = [];
    const probed: [number, number, number][] = [];
    await readOnce(
      { name: "test", window, makeRoom: (own) => own.erase([{ start: 2, end: 9 }]) },
      cells.asCells,
      tokens,
      {
        isScored: (position) => position % 5 === 0 && position % 10 !== 0,
        onLoss: (position, loss) => losses.push([position, loss]),
        probe: {
          isAsked: (position) => position % 10 === 0,
          onPrediction(position, token) {
            probed.push([position, token, cells.tokens.at(-1) ?? -1]);
            return Promise.resolve();
          },
        },
      },
    );
    assert.deepEqual(
      losses.map(([position]) => position),
      tokens.filter((token) => token % 10 === 5),
    );
    assert.deepEqual(
      probed,
      tokens.filter((token) => token > 0 && token % 10 === 0).map((token) => [token, token, token - 1]),
    );
    assert.equal(cells.decodedTokens, length);
  });

  it("reads on from where it stood", async () => {
    const cells = new FakeCells();
    const positions: number[] = [];
    const text = tokens[Symbol.iterator]();
    for (const start of [0, 100, 200]) {
      await readOnce(
        { name: "test", window, makeRoom: (own) => own.erase([{ start: 2, end: 9 }]) },
        cells.asCells,
        { [Symbol.iterator]: () => limited(text, 100) },
        { isScored: (position) => position % 50 === 10, onLoss: (position) => positions.push(position) },
        start,
      );
    }
    assert.deepEqual(positions, [10, 60, 110, 160, 210, 260]);
  });

  it("refuses a policy that makes no room", async () => {
    const stuck = streaming(4, window, 0);
    await assert.rejects(read(stuck), /made no room/);
  });
});

function* limited<T>(iterator: Iterator<T>, count: number): Generator<T> {
  for (let taken = 0; taken < count; taken++) {
    const next = iterator.next();
    if (next.done === true) return;
    yield next.value;
  }
}
