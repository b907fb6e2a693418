import type { Token } from "../conversation/tokenSequence.ts";
import type { LabCells } from "./labCells.ts";
import { lossOf, type Distribution } from "./likelihood.ts";

/** Tokens evaluated at a time. */
const blockTokens = 256;

/** What a policy is measured on: the same for all of them. */
export interface ScoredText {
  readonly tokens: readonly Token[];
  /** Ascending indexes into `tokens` of those whose likelihood is asked, given all before them. Never 0. */
  readonly scored: readonly number[];
}

/** A way to keep a text of any length in a window. */
export interface CachePolicy {
  readonly name: string;
  /**
   * Reads the text from its beginning with empty cells.
   *
   * @param onProgress tokens read so far; may reject to stop
   * @returns negative log-likelihoods in nats, one for each of `text.scored`
   */
  read(cells: LabCells, text: ScoredText, onProgress?: (read: number) => Promise<void>): Promise<Float64Array>;
  /** Of a policy that evaluates every token once: how it makes room. */
  readonly forgetting?: Forgetting;
}

/** How a policy that goes through a text once makes room. */
export interface Forgetting {
  readonly name: string;
  /** Cells that may be in use. */
  readonly window: number;
  /** Makes room for one more token at least. Called when the window is full. */
  makeRoom(cells: LabCells): Promise<void> | void;
  /** Told what was evaluated: tokens `start` to `end` (exclusive) of the text. */
  onEvaluated?(start: number, end: number): void;
}

/** What is asked of a text while it is read once. Positions are indexes into the text. */
export interface Questions {
  readonly isScored: (position: number) => boolean;
  /** In order of position. `loss`: negative log-likelihood in nats of the token there. */
  readonly onLoss: (position: number, loss: number) => void;
  /** Where all that the model says is asked: the cells then hold what it is said from. */
  readonly probe?: {
    isAsked(position: number): boolean;
    onPrediction(position: number, token: Token, prediction: Distribution): Promise<void>;
  };
  /** Tokens read so far; may reject to stop. */
  readonly onProgress?: (read: number) => Promise<void>;
}

/** A policy that evaluates every token once. */
export function singlePass(forgetting: Forgetting): CachePolicy {
  return {
    name: forgetting.name,
    forgetting,
    async read(cells, text, onProgress) {
      const losses: number[] = [];
      const scored = new Set(text.scored);
      await cells.clear();
      await readOnce(forgetting, cells, text.tokens, {
        isScored: (position) => scored.has(position),
        onLoss: (_, loss) => losses.push(loss),
        ...(onProgress === undefined ? {} : { onProgress }),
      });
      return Float64Array.from(losses);
    },
  };
}

/**
 * Evaluates each token of a text once, behind what the cells hold already. The text may be endless: no more than a block
 * of it is held.
 *
 * @param start tokens of the text that were read before this
 */
export async function readOnce(
  forgetting: Forgetting,
  cells: LabCells,
  tokens: Iterable<Token>,
  { isScored, onLoss, probe, onProgress }: Questions,
  start = 0,
): Promise<void> {
  const iterator = tokens[Symbol.iterator]();
  let ahead = iterator.next();
  for (let position = start; ahead.done !== true;) {
    if (cells.length >= forgetting.window) await forgetting.makeRoom(cells);
    const room = Math.min(blockTokens, forgetting.window - cells.length);
    if (room <= 0) throw new Error(`${forgetting.name} made no room`);
    const first = position;
    const block: Token[] = [];
    const targets: (Token | undefined)[] = [];
    let probed: Token | undefined;
    while (block.length < room && ahead.done !== true && probed === undefined) {
      block.push(ahead.value);
      ahead = iterator.next();
      position++;
      targets.push(ahead.done !== true && isScored(position) ? ahead.value : undefined);
      if (ahead.done !== true && probe?.isAsked(position) === true) probed = ahead.value;
    }
    if (probe === undefined || probed === undefined) {
      (await cells.score(block, targets)).forEach((loss, index) => {
        if (targets[index] !== undefined) onLoss(first + index + 1, loss);
      });
      forgetting.onEvaluated?.(first, position);
    } else {
      const before = block.slice(0, -1);
      (await cells.score(before, targets.slice(0, -1))).forEach((loss, index) => {
        if (targets[index] !== undefined) onLoss(first + index + 1, loss);
      });
      const prediction = await cells.predict(block.slice(-1));
      forgetting.onEvaluated?.(first, position);
      if (targets.at(-1) !== undefined) onLoss(position, lossOf(prediction, probed));
      await probe.onPrediction(position, probed, prediction);
    }
    await onProgress?.(position);
  }
}
