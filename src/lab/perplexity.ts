/** exp of the mean of negative log-likelihoods (nats). NaN: there are none. */
export function perplexity(losses: ArrayLike<number>): number {
  return Math.exp(mean(losses));
}

/** @returns perplexities of `parts` stretches of equal length, in order */
export function perplexityBy(losses: Float64Array, parts: number): number[] {
  const size = losses.length / parts;
  return Array.from({ length: parts }, (_, part) =>
    perplexity(losses.subarray(Math.round(part * size), Math.round((part + 1) * size))),
  );
}

/**
 * How sure a ratio of two perplexities on the same tokens is: half the width of its 95 % interval, by the spread of the
 * losses' differences between stretches of text (neighbouring tokens are not independent, so stretches are compared).
 */
export function ratioMargin(losses: Float64Array, reference: Float64Array, stretch = 64): number {
  const differences: number[] = [];
  for (let at = 0; at + stretch <= losses.length; at += stretch) {
    differences.push(mean(losses.subarray(at, at + stretch)) - mean(reference.subarray(at, at + stretch)));
  }
  if (differences.length < 2) return Number.NaN;
  const middle = mean(differences);
  const variance = differences.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (differences.length - 1);
  const half = 1.96 * Math.sqrt(variance / differences.length);
  return (perplexity(losses) / perplexity(reference)) * (Math.exp(half) - 1);
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] ?? 0;
  return sum / values.length;
}
