import type { LabContext } from "./experiment.ts";
import type { LabModel } from "./labModel.ts";
import { affordable, type Pace } from "./pace.ts";

/** How much of a text is read, and of how many tokens the likelihood is asked. */
export interface TextSize {
  readonly length: number;
  /** Every so many-th token behind the first window is scored. */
  readonly every: number;
}

/** What is done with a text of a size. */
export interface Work {
  /** Policies that evaluate tokens in blocks, one by one, and all that the window holds for each scored token. */
  readonly blocks: number;
  readonly singles: number;
  readonly recomputations: number;
}

/** The least that is measured, however slow the model is. */
const leastWindows = 2;
const leastScored = 16;

/** The size that is wanted, or what of it can be done in the time given ({@link affordable}). */
export async function affordableSize(
  context: LabContext,
  model: LabModel,
  window: number,
  wanted: TextSize,
  work: Work,
): Promise<TextSize> {
  const part = await affordable(context, model, (some, pace) =>
    secondsFor(work, window, partOf(wanted, window, some), pace),
  );
  return partOf(wanted, window, part);
}

/** @param part 0: the least that is measured; 1: what is wanted */
export function partOf(wanted: TextSize, window: number, part: number): TextSize {
  if (part >= 1) return wanted;
  const least = Math.min(wanted.length, (1 + leastWindows) * window);
  const length = Math.round(least + part * (wanted.length - least));
  const most = scoredIn(wanted, window);
  const scored = Math.min(most, Math.round(leastScored + part * (most - leastScored)));
  return { length, every: Math.max(1, Math.floor((length - window) / Math.max(1, scored))) };
}

export function secondsFor(
  { blocks, singles, recomputations }: Work,
  window: number,
  size: TextSize,
  pace: Pace,
): number {
  const scored = scoredIn(size, window);
  return (
    size.length * (blocks * pace.prefill + singles * pace.single) +
    scored * (recomputations * window * pace.prefill + (blocks + singles + recomputations) * pace.score)
  );
}

function scoredIn({ length, every }: TextSize, window: number): number {
  return Math.max(0, Math.floor((length - 1 - window) / every));
}
