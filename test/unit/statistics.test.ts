import assert from "node:assert/strict";
import { figuresOf, type FirstTokenTurn } from "../bench/firstTokenFigures.ts";
import { readingTime } from "../bench/readingCost.ts";
import { againstBound, calm, median, quantile, rounded, summarise } from "../../src/base/statistics.ts";

describe("the arithmetic of the benchmarks", () => {
  it("takes quantiles between two values in proportion, whatever their order", () => {
    assert.equal(quantile([30, 10, 20], 0), 10);
    assert.equal(quantile([30, 10, 20], 1), 30);
    assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5);
    assert.equal(quantile([0, 100], 0.99), 99);
    assert.equal(median([7]), 7);
    assert.ok(Number.isNaN(median([])));
  });

  it("is not moved by one outlier, in the middle and in the spread", () => {
    const { p50, spread, max, count } = summarise([10, 11, 12, 13, 9_000]);
    assert.deepEqual([p50, spread, max, count], [12, 1, 9_000, 5]);
  });

  it("leaves out what the machine was disturbed in, by something that takes the same time each round", () => {
    assert.deepEqual(
      calm([10, 10.5, 30, 9.9, 11.6], (value) => value),
      [10, 10.5, 9.9],
    );
  });

  it("sets a ratio beside its bound", () => {
    assert.deepEqual(againstBound(9, 10), { ratio: 9, bound: 10, reached: 0.9 });
  });

  it("compares only the turns in which the other evaluated again, turn by turn", () => {
    const turn = (milliseconds: number, tokens: number): FirstTokenTurn => ({
      ours: { milliseconds: 100, tokens: 100 },
      theirs: { milliseconds, tokens },
    });
    const figures = figuresOf([turn(100, 100), turn(810, 900), turn(890, 1_000), turn(120, 100)]);
    assert.equal(figures.slowTurnsOfOthers, 2);
    assert.deepEqual([figures.times.ratio, figures.times.bound], [8.5, 9.5]);
    assert.equal(figures.turns, 4);
    assert.equal(figures.ours.p99OverP50, 1);
  });

  it("reckons a bound by work: the same tokens cost more at the end of a full window", () => {
    const costs = [
      { tokens: 100, base: 500, perCell: 0.5 },
      { tokens: 200, base: 1_000, perCell: 1 },
    ];
    assert.equal(readingTime(costs[0]!, 100, 1_100), 1_000);
    // 200 tokens from 0, 200 from 200, 100 (half of a batch) from 400.
    assert.equal(readingTime(costs[1]!, 500, 500), 1_000 + 1_200 + 700);
    const turn: FirstTokenTurn = {
      ours: { milliseconds: 1_000, tokens: 100, cells: 1_100 },
      theirs: { milliseconds: 2_610, tokens: 500, cells: 500 },
    };
    assert.deepEqual(figuresOf([turn], costs).timesByWork, { ratio: 2.61, bound: 2.9, reached: 0.9 });
    assert.equal(figuresOf([turn]).timesByWork, undefined);
  });

  it("prints four digits, and nothing that is no number as one", () => {
    const text = JSON.stringify({ a: 1 / 3, b: 123_456, c: NaN, d: "x", e: 98_765.4321 }, rounded);
    assert.equal(text, '{"a":0.3333,"b":123456,"c":null,"d":"x","e":98770}');
  });
});
