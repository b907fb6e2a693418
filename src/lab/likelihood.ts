import type { Token } from "../conversation/tokenSequence.ts";

/** Probabilities of all tokens of the vocabulary, by token. */
export type Distribution = Float64Array;

/** The least positive number in 32 bits: what the native sampler cannot tell from 0. A loss is 103 nats at most. */
const leastProbability = 2 ** -149;

/** Negative log-likelihood of a token in nats. */
export function lossOf(prediction: Distribution, token: Token): number {
  return lossFrom(prediction[token] ?? 0);
}

export function lossFrom(probability: number): number {
  return -Math.log(Math.max(probability, leastProbability));
}

/** Kullback-Leibler divergence of `to` from `from` in nats: what is lost by believing `to` where `from` is true. */
export function divergence(from: Distribution, to: Distribution): number {
  let sum = 0;
  from.forEach((probability, token) => {
    if (probability > 0) sum += probability * (Math.log(probability) + lossOf(to, token));
  });
  return Math.max(0, sum);
}

export function likeliest(prediction: Distribution): Token {
  let best = 0;
  for (const [token, probability] of prediction.entries()) if (probability > (prediction[best] ?? 0)) best = token;
  return best;
}
