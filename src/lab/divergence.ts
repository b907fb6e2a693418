import type { Token } from "../conversation/tokenSequence.ts";
import type { Distribution } from "./labCells.ts";

/** Kullback-Leibler divergence of `found` from `expected`, in nats. */
export function divergence(expected: Distribution, found: Distribution): number {
  let sum = 0;
  for (const [token, probability] of expected.entries()) {
    if (probability <= 0) continue;
    sum += probability * Math.log(probability / Math.max(found[token] ?? 0, Number.MIN_VALUE));
  }
  return Math.max(0, sum);
}

export function likeliest(distribution: Distribution): Token {
  let best = 0;
  for (const [token, probability] of distribution.entries()) if (probability > (distribution[best] ?? 0)) best = token;
  return best;
}
