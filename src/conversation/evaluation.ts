import type { Addition, Cache } from "./cache.ts";
import type { StopFlag } from "./conversationTypes.ts";

/** Thrown inside an operation when its stop flag was raised before the first token. */
export class StoppedError extends Error {
  override readonly name = "StoppedError";
}

export interface PrefillSteps {
  readonly chunkTokens: number;
  readonly stop: StopFlag | undefined;
  readonly onProgress: (done: number, total: number) => void;
  /** Runs between two chunks: room for detours. */
  readonly between: () => Promise<void>;
}

/**
 * Evaluates additions in chunks, looking at the stop flag between them: the library cannot be interrupted inside one.
 *
 * @param hold leave the last chunk (at least one token) to be evaluated by the generator
 * @returns the pieces left over, empty unless `hold`
 * @throws StoppedError
 */
export async function prefill(
  cache: Cache,
  additions: readonly Addition[],
  hold: boolean,
  steps: PrefillSteps,
): Promise<Addition[]> {
  const queue = additions.map((addition) => ({ ...addition, tokens: [...addition.tokens] }));
  const total = queue.reduce((sum, addition) => sum + addition.tokens.length, 0);
  let done = 0;
  while (total - done > (hold ? steps.chunkTokens : 0)) {
    if (steps.stop?.aborted === true) throw new StoppedError();
    const pieces = takeTokens(queue, Math.min(steps.chunkTokens, total - done - (hold ? 1 : 0)));
    await cache.sequence.append(pieces.flatMap((piece) => piece.tokens));
    for (const piece of pieces) cache.note(piece);
    done += pieces.reduce((sum, piece) => sum + piece.tokens.length, 0);
    steps.onProgress(done, total);
    await steps.between();
  }
  if (hold && steps.stop?.aborted === true) throw new StoppedError();
  // What is left may hold segments without tokens (an empty reply): they have a place too.
  if (!hold) for (const piece of queue) cache.note(piece);
  return hold ? queue : [];
}

/** Takes `count` tokens off the front, with segments without tokens that stand before them. */
function takeTokens(
  queue: { segment: Addition["segment"]; tokens: number[]; again?: boolean }[],
  count: number,
): Addition[] {
  const pieces: Addition[] = [];
  let left = count;
  while (left > 0) {
    const first = queue[0];
    if (first === undefined) break;
    const tokens = first.tokens.splice(0, left);
    left -= tokens.length;
    pieces.push({ ...first, tokens });
    if (first.tokens.length === 0) queue.shift();
  }
  return pieces;
}
