import type { Moved, MovedText } from "./movedText.ts";

/** Positions of one small step, and small steps down for each step up: evictions only ever move down. */
const step = 8;
const stepsDown = 16;

/** Positions above the text that {@link measureDrift} needs. */
export const driftRoom = step * stepsDown;

/** After so many shifts, and each multiple, the text stands where it stood: its keys can be compared as they are. */
export const driftRound = stepsDown + 1;

/** What many shifts of the same keys have done. */
export interface Drift extends Moved {
  /** Times that all keys were rotated. */
  readonly shifts: number;
}

/**
 * Moves a text up and down again, many times: more often than any key is shifted in a window.
 *
 * @param counts ascending: shifts after which it is looked
 */
export async function measureDrift(
  text: MovedText,
  counts: readonly number[],
  onProgress: (shifts: number) => Promise<void>,
): Promise<Drift[]> {
  const found: Drift[] = [];
  for (let shifts = 1; shifts <= (counts.at(-1) ?? 0); shifts++) {
    await text.move(text.position === 0 ? driftRoom : -step);
    if (!counts.includes(shifts)) continue;
    found.push({ shifts, ...(await text.look()) });
    await onProgress(shifts);
  }
  return found;
}

/**
 * Lifts a text by `distance` at once and lets it come down in steps, as keys do that pass through a whole window while
 * others are forgotten `step` at a time. No key in a window goes farther.
 */
export async function measureDescent(text: MovedText, distance: number, step: number): Promise<Moved> {
  await text.move(distance);
  while (text.position > 0) await text.move(-Math.min(step, text.position));
  return text.look();
}
