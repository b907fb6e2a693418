/** Where an axis has its marks; the outermost are its ends. */
export interface Scale {
  readonly log: boolean;
  readonly ticks: readonly number[];
}

/** A log axis shorter than this says less than a linear one. */
const shortestLog = 4;

/**
 * Marks for values from `least` to `most`, with round numbers and the values inside.
 *
 * @param log asked for; values that are not positive, or that lie close together, get a linear axis nevertheless
 */
export function scaleFor(least: number, most: number, { log = false, zero = false, count = 6 } = {}): Scale {
  const from = zero ? Math.min(0, least) : least;
  const to = zero ? Math.max(0, most) : most;
  if (log && least > 0 && most / least >= shortestLog) return { log: true, ticks: logTicks(least, most, count) };
  return { log: false, ticks: linearTicks(from, to, count) };
}

function linearTicks(from: number, to: number, count: number): number[] {
  const span = to > from ? to - from : Math.abs(to) || 1;
  const rough = span / (count - 1);
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = magnitude * ([1, 2, 2.5, 5].find((factor) => factor * magnitude >= rough * 0.999) ?? 10);
  const first = Math.floor(from / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(to / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, index) => clean((first + index) * step));
}

/** 1, 2, 5 in each decade; fewer where there are many decades. */
function logTicks(least: number, most: number, count: number): number[] {
  const all: number[] = [];
  for (let power = Math.floor(Math.log10(least)); 10 ** power <= most * 10; power++) {
    for (const factor of [1, 2, 5]) all.push(clean(factor * 10 ** power));
  }
  const candidates = [all, all.filter(isPowerOfTen)];
  for (let every = 2; every < 8; every++) {
    candidates.push(all.filter((tick) => isPowerOfTen(tick) && Math.round(Math.log10(tick)) % every === 0));
  }
  const covering = candidates.map((ticks) => around(ticks, least, most));
  return covering.find((ticks) => ticks.length <= count + 2 && ticks.length >= 2) ?? covering[1] ?? [least, most];
}

function around(ticks: readonly number[], least: number, most: number): number[] {
  const first = ticks.findLastIndex((tick) => tick <= least * (1 + 1e-9));
  const last = ticks.findIndex((tick) => tick >= most * (1 - 1e-9));
  return ticks.slice(Math.max(0, first), last === -1 ? undefined : last + 1);
}

function isPowerOfTen(value: number): boolean {
  return Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9;
}

function clean(value: number): number {
  return Number(value.toPrecision(12));
}

/** A mark in few letters: 4,000,000 is `4M`, 0.0005 is `5e-4`. */
export function tickText(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e9 || size < 1e-3) return value.toExponential().replace("e+", "e");
  if (size >= 1e6) return `${clean(value / 1e6)}M`;
  if (size >= 1e4) return `${clean(value / 1e3)}k`;
  return String(clean(value));
}
