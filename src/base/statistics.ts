/** The value below which this share of the values lies (0 … 1); between two values in proportion. NaN: no values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)] ?? NaN, sorted[Math.ceil(place)] ?? NaN];
  return below + (above - below) * (place - Math.floor(place));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export interface Summary {
  readonly count: number;
  readonly min: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  /** Half of the values lie within this much of the median: the median absolute deviation. */
  readonly spread: number;
}

export function summarise(values: readonly number[]): Summary {
  const middle = median(values);
  return {
    count: values.length,
    min: quantile(values, 0),
    p50: middle,
    p90: quantile(values, 0.9),
    p99: quantile(values, 0.99),
    max: quantile(values, 1),
    spread: median(values.map((value) => Math.abs(value - middle))),
  };
}

/** How far a ratio came towards the best that is possible. */
export interface AgainstBound {
  readonly ratio: number;
  readonly bound: number;
  /** `ratio` / `bound`: 1 is the best there can be. */
  readonly reached: number;
}

export function againstBound(ratio: number, bound: number): AgainstBound {
  return { ratio, bound, reached: ratio / bound };
}

/**
 * The pairs in which the machine was not disturbed: `reference`, which takes the same work each time, was within a tenth
 * of its median. What else a shared machine does can only slow things down.
 */
export function calm<T>(items: readonly T[], reference: (item: T) => number): readonly T[] {
  const limit = median(items.map(reference)) * 1.1;
  return items.filter((item) => reference(item) <= limit);
}

/** For printing: four significant digits, whole numbers as they are; everything else untouched. */
export function rounded(_name: string, value: unknown): unknown {
  if (typeof value !== "number" || Number.isInteger(value)) return value;
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : null;
}
