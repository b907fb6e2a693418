/** A part of all samples, with the limits of its 95 % interval (0 … 1). */
export interface Proportion {
  readonly share: number;
  readonly low: number;
  readonly high: number;
  readonly samples: number;
}

/** Half the width of a 95 % interval, in standard deviations. */
const deviations = 1.96;

/** The interval is Wilson's (1927): it holds near 0 and 1 too, where the normal one has no width. */
export function proportion(hits: number, samples: number): Proportion {
  if (samples === 0) return { share: Number.NaN, low: Number.NaN, high: Number.NaN, samples };
  const share = hits / samples;
  const weight = deviations ** 2 / samples;
  const middle = (share + weight / 2) / (1 + weight);
  const half = (deviations * Math.sqrt((share * (1 - share) + weight / 4) / samples)) / (1 + weight);
  return { share, low: Math.max(0, middle - half), high: Math.min(1, middle + half), samples };
}

/** For tables: `93.5 (90.1–95.8)`, in per cent. */
export function inPercent({ share, low, high, samples }: Proportion): string | null {
  if (samples === 0) return null;
  const [middle, from, to] = [share, low, high].map((value) => (100 * value).toFixed(1));
  return `${middle ?? ""} (${from ?? ""}–${to ?? ""})`;
}
