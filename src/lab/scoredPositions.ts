/**
 * Every `step`-th position behind the first window: where all policies are scored, so that each has had to forget.
 * Positions in the first window are left out: there all policies are alike.
 */
export function positionsBehind(window: number, length: number, step: number): number[] {
  const count = Math.max(0, Math.floor((length - 1 - window) / step));
  return Array.from({ length: count }, (_, index) => window + (index + 1) * step);
}
