/** Stretches of text that margins are computed from. */
const marginStretches = 32;

/** exp of the mean of negative log-likelihoods (nats). NaN: there are none. */
export function perplexity(losses: ArrayLike<number>): number {
  return Math.exp(mean(losses));
}

/** Mean losses (nats) of `parts` stretches of equal length, in order; fewer if there are fewer losses. */
export function meanLossBy(losses: Float64Array, parts: number): number[] {
  const count = Math.min(parts, losses.length);
  const size = losses.length / count;
  return Array.from({ length: count }, (_, part) =>
    mean(losses.subarray(Math.round(part * size), Math.round((part + 1) * size))),
  );
}

/** @returns perplexities of `parts` stretches of equal length, in order */
export function perplexityBy(losses: Float64Array, parts: number): number[] {
  return meanLossBy(losses, parts).map(Math.exp);
}

/** Perplexity over another one on the same tokens. */
export function perplexityRatio(losses: Float64Array, reference: Float64Array): number {
  return perplexity(losses) / perplexity(reference);
}

/**
 * How sure a ratio of two perplexities on the same tokens is: half the width of its 95 % interval, by the spread of the
 * losses' differences between stretches of text (neighbouring tokens are not independent, so stretches are compared).
 * NaN: there is one stretch at most.
 */
export function ratioMargin(losses: Float64Array, reference: Float64Array): number {
  const means = meanLossBy(reference, marginStretches);
  const differences = meanLossBy(losses, marginStretches).map((loss, part) => loss - (means[part] ?? Number.NaN));
  if (differences.length < 2) return Number.NaN;
  const half = marginOf(differences);
  return perplexityRatio(losses, reference) * (Math.exp(half) - 1);
}

/** Half the width of the 95 % interval of a mean. NaN: fewer than two values. */
export function marginOf(values: readonly number[]): number {
  const middle = mean(values);
  const freedom = values.length - 1;
  const variance = values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / freedom;
  return studentT(freedom) * Math.sqrt(variance / values.length);
}

/** Student's t at 95 %, by its expansion in the normal quantile (Abramowitz and Stegun, 26.7.5). */
function studentT(freedom: number): number {
  const z = 1.96;
  const terms = [
    z,
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
  ];
  return terms.reduce((sum, term, power) => sum + term / freedom ** power, 0);
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] ?? 0;
  return sum / values.length;
}
