import type { Token } from "../conversation/tokenSequence.ts";
import { keyError, keysOf, type KeyRows } from "./keyRows.ts";
import type { LabCells } from "./labCells.ts";
import { divergence, lossOf, type Distribution } from "./likelihood.ts";
import { mean } from "./perplexity.ts";

/** Positions of one small step, and small steps down for each step up: evictions only ever move down. */
const step = 8;
const stepsDown = 16;

/** Positions above the text that {@link measureDrift} needs. */
export const driftRoom = step * stepsDown;

/** After so many shifts, and each multiple, the text stands where it stood: its keys can be compared as they are. */
export const driftRound = stepsDown + 1;

/** What the rounding of repeated shifts does to predictions; nothing else changes. */
export interface Drift {
  /** Times that all keys were rotated. */
  readonly shifts: number;
  /** Mean Kullback-Leibler divergence (nats) of the predictions from those before all shifts. */
  readonly divergence: number;
  /** Perplexity of the probe over that before all shifts. */
  readonly ratio: number;
  /** Relative error of the keys ({@link keyError}); null where they stand at other positions than before. */
  readonly keyError: number | null;
}

/**
 * Moves a text as a whole, up and down again: all distances stay the same, and so would the predictions, were it not for
 * the rounding of the keys, which are rotated in the precision in which they are kept. The reference has been rounded
 * once, when the keys were stored.
 *
 * @param probe tokens behind the text, whose predictions are compared; they are evaluated anew each time
 * @param counts ascending: shifts after which it is looked
 */
export async function measureDrift(
  cells: LabCells,
  text: readonly Token[],
  probe: readonly Token[],
  counts: readonly number[],
  onProgress: (shifts: number) => Promise<void>,
): Promise<Drift[]> {
  await cells.clear();
  await cells.append(text);
  const predict = async (): Promise<Distribution[]> => {
    const predictions = await cells.predictEach(probe);
    cells.dropLast(probe.length);
    return predictions;
  };
  const before = await predict();
  const [any = 0] = probe;
  // Of a model whose cells are written in a way that is not read here the predictions are measured all the same.
  const keys = (): Promise<KeyRows | undefined> => keysOf(cells, any).catch(() => undefined);
  const keysBefore = await keys();
  const keyErrorNow = async (): Promise<number | null> => {
    const [now, then] = [await keys(), keysBefore];
    return now === undefined || then === undefined ? null : keyError(now, then);
  };
  const found: Drift[] = [];
  let above = 0;
  for (let shifts = 1; shifts <= (counts.at(-1) ?? 0); shifts++) {
    const delta = above === 0 ? step * stepsDown : -step;
    cells.move(delta);
    above += delta;
    if (counts.includes(shifts)) {
      const after = compared(probe, before, await predict());
      found.push({ shifts, ...after, keyError: above === 0 ? await keyErrorNow() : null });
      await onProgress(shifts);
    } else {
      // Keys are rotated when something is evaluated; until then moves would only be added up.
      await cells.append(probe.slice(0, 1));
      cells.dropLast(1);
    }
  }
  return found;
}

function compared(
  probe: readonly Token[],
  before: readonly Distribution[],
  after: readonly Distribution[],
): Pick<Drift, "divergence" | "ratio"> {
  const none: Distribution = new Float64Array(0);
  const divergences = before.map((prediction, at) => divergence(prediction, after[at] ?? none));
  const gains = before
    .slice(0, -1)
    .map((prediction, at) => lossOf(after[at] ?? none, probe[at + 1] ?? 0) - lossOf(prediction, probe[at + 1] ?? 0));
  return { divergence: mean(divergences), ratio: Math.exp(mean(gains)) };
}
