import type { LabContext } from "./experiment.ts";
import type { LabModel } from "./labModel.ts";
import { openText } from "./textTokens.ts";

/** What this model costs on this machine, in seconds. */
export interface Pace {
  /** Per token, of many evaluated together. */
  readonly prefill: number;
  /** Per token evaluated alone behind an eviction of one. */
  readonly single: number;
  /** Per prediction that is looked at. */
  readonly score: number;
}

const prefilled = 128;
const singles = 6;

/** Measured on a few tokens of the text itself. */
async function measurePace(model: LabModel, textPath: string | undefined): Promise<Pace> {
  const tokens = (await openText(model, textPath)).first(prefilled + 3 * singles + 1);
  const cells = await model.cells({ contextSize: 256 });
  try {
    await cells.append(tokens.slice(0, 8)); // the first evaluation makes the library ready
    await cells.clear();
    const prefill = await secondsOf(() => cells.append(tokens.slice(0, prefilled)));
    const one = async (scored: boolean): Promise<void> => {
      await cells.erase([{ start: 4, end: 5 }]);
      const at = cells.length;
      await cells.score(tokens.slice(at, at + 1), [scored ? tokens[at + 1] : undefined]);
    };
    const repeated = async (scored: boolean): Promise<number> => {
      await one(scored);
      return secondsOf(async () => {
        for (let count = 0; count < singles; count++) await one(scored);
      });
    };
    const single = (await repeated(false)) / singles;
    const scoring = (await repeated(true)) / singles;
    return { prefill: prefill / prefilled, single, score: Math.max(0, scoring - single) };
  } finally {
    await cells.dispose();
  }
}

/**
 * The part of what is wanted, 0 … 1, that can be done in the time given: `--minutes`, or a minute and a half for quick
 * measurements of a model of the user's own. 1 where no time is given.
 *
 * @param cost seconds for a part; grows with it
 * @returns 0 if even the least takes longer
 */
export async function affordable(
  context: LabContext,
  model: LabModel,
  cost: (part: number, pace: Pace) => number,
): Promise<number> {
  const otherwise = context.quick && context.modelPath !== undefined ? 1.5 : Number.POSITIVE_INFINITY;
  const seconds = 60 * context.number("minutes", otherwise);
  if (!Number.isFinite(seconds)) return 1;
  await context.progress(0, "pace");
  const pace = await measurePace(model, context.textPath);
  return largestPart((part) => cost(part, pace), seconds);
}

/** The largest part, 0 … 1, whose cost is at most `budget`. */
export function largestPart(cost: (part: number) => number, budget: number): number {
  if (cost(1) <= budget) return 1;
  let [low, high] = [0, 1];
  for (let step = 0; step < 20; step++) {
    const middle = (low + high) / 2;
    if (cost(middle) <= budget) low = middle;
    else high = middle;
  }
  return low;
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}
