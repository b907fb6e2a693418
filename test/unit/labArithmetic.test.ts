import assert from "node:assert/strict";
import { divergence, lossFrom, lossOf } from "../../src/lab/likelihood.ts";
import { largestPart } from "../../src/lab/pace.ts";
import {
  marginOf,
  meanLossBy,
  perplexity,
  perplexityBy,
  perplexityRatio,
  ratioMargin,
} from "../../src/lab/perplexity.ts";
import { SampleRandom } from "../../src/lab/random.ts";
import { partOf, secondsFor } from "../../src/lab/textSize.ts";

function near(actual: number, expected: number, tolerance = 1e-9): void {
  assert(Math.abs(actual - expected) <= tolerance, `${actual}, not ${expected}`);
}

describe("arithmetic of the lab", () => {
  it("takes the perplexity of losses in nats", () => {
    near(perplexity([Math.log(2), Math.log(8)]), 4);
    near(perplexity(new Float64Array(5)), 1);
    assert(Number.isNaN(perplexity([])));
    near(perplexityRatio(Float64Array.of(2, 4), Float64Array.of(1, 3)), Math.E);
  });

  it("tells perplexities of stretches of equal length", () => {
    const losses = Float64Array.from({ length: 12 }, (_, index) => Math.floor(index / 4));
    assert.deepEqual(meanLossBy(losses, 3), [0, 1, 2]);
    perplexityBy(losses, 3).forEach((value, part) => near(value, Math.exp(part)));
    assert.equal(meanLossBy(losses.subarray(0, 2), 8).length, 2, "never more stretches than losses");
  });

  it("gives margins that hold the true ratio about 95 times of 100", () => {
    const random = new SampleRandom(7);
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
    for (const count of [10, 320]) {
      let held = 0;
      for (let trial = 0; trial < 400; trial++) {
        const reference = Float64Array.from({ length: count }, () => 3 + normal());
        const losses = reference.map((loss) => loss + 0.1 + 0.3 * normal());
        const ratio = perplexityRatio(losses, reference);
        if (Math.abs(ratio - Math.exp(0.1)) <= ratioMargin(losses, reference)) held++;
      }
      assert(held >= 370 && held <= 392, `${held} of 400 with ${count} losses`);
    }
  });

  it("uses Student's t where there are few values", () => {
    // t(4) = 2.776; the deviation of 1 … 5 is the root of 2.5
    near(marginOf([1, 2, 3, 4, 5]), 2.776 * Math.sqrt(2.5 / 5), 0.01);
    assert(Number.isNaN(marginOf([1])));
    assert(Number.isNaN(ratioMargin(Float64Array.of(1), Float64Array.of(1))));
  });

  it("takes losses and divergences of distributions", () => {
    near(lossFrom(0.25), Math.log(4));
    assert(lossFrom(0) > 103 && lossFrom(0) < 104, "what 32 bits cannot tell from 0");
    near(lossOf(Float64Array.of(0.5, 0.5), 1), Math.log(2));
    const [even, uneven] = [Float64Array.of(0.5, 0.5), Float64Array.of(0.9, 0.1)];
    near(divergence(even, even), 0);
    near(divergence(even, uneven), 0.5 * Math.log(0.5 / 0.9) + 0.5 * Math.log(0.5 / 0.1));
    near(divergence(Float64Array.of(1, 0), uneven), Math.log(1 / 0.9));
  });

  it("finds the largest part that a budget pays for", () => {
    near(
      largestPart((part) => 100 * part, 25),
      0.25,
      1e-5,
    );
    assert.equal(
      largestPart(() => 1, 2),
      1,
    );
    near(
      largestPart((part) => 10 + part, 2),
      0,
      1e-5,
    );
  });

  it("shrinks a text and its scored positions together, and never below what says something", () => {
    const wanted = { length: 100_000, every: 10 };
    assert.deepEqual(partOf(wanted, 500, 1), wanted);
    const least = partOf(wanted, 500, 0);
    assert.equal(least.length, 1500);
    assert.equal(Math.floor((least.length - 1 - 500) / least.every), 16);
    const half = partOf(wanted, 500, 0.5);
    near(half.length, 50_750, 1);
    near(Math.floor((half.length - 1 - 500) / half.every), 5000, 600);
    const pace = { prefill: 0.001, single: 0.01, score: 0.002 };
    const work = { blocks: 2, singles: 1, recomputations: 2 };
    // 1500 tokens, 16 of them scored: 1500·(2·0.001 + 0.01) + 16·(2·500·0.001 + 5·0.002)
    near(secondsFor(work, 500, least, pace), 18 + 16 * 1.01, 1e-6);
  });
});
