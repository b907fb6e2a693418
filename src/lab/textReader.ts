import type { Token } from "../conversation/tokenSequence.ts";
import type { LabCells } from "./labCells.ts";
import type { CachePolicy } from "./policy.ts";

/** Tokens evaluated at a time. */
const blockTokens = 256;

/** Reads a text in steps, so that questions can be asked between them. */
export interface TextReader {
  readonly name: string;
  readonly cells: LabCells;
  /** Reads on to token `end` (exclusive) of the text. */
  readTo(end: number): Promise<void>;
  /** The token from which on all that was read is still in the cells. */
  readonly keptFrom: number;
}

/**
 * Reads as a policy does that evaluates every token once.
 *
 * @param head tokens at the beginning of the text that the policy never forgets
 */
export function policyReader(cells: LabCells, policy: CachePolicy, tokens: readonly Token[], head: number): TextReader {
  const { forgetting } = policy;
  if (forgetting === undefined) throw new Error(`${policy.name} does not read a text once`);
  let at = 0;
  return {
    name: policy.name,
    cells,
    get keptFrom() {
      return at === cells.length ? 0 : at - (cells.length - head);
    },
    async readTo(end) {
      while (at < end) {
        if (cells.length >= forgetting.window) await forgetting.makeRoom(cells);
        const count = Math.min(blockTokens, forgetting.window - cells.length, end - at);
        if (count <= 0) throw new Error(`${policy.name} made no room`);
        await cells.append(tokens.slice(at, at + count));
        at += count;
        forgetting.onEvaluated?.(at - count, at);
      }
    },
  };
}

/**
 * Reads on as long as there are free cells, then evaluates the newest `window` tokens anew: with no more cells than that a
 * sliding window with re-computation, with many more a dense cache.
 *
 * @param capacity cells that may be in use
 */
export function recomputingReader(
  cells: LabCells,
  name: string,
  tokens: readonly Token[],
  window: number,
  capacity = window,
): TextReader {
  let keptFrom = 0;
  return {
    name,
    cells,
    get keptFrom() {
      return keptFrom;
    },
    async readTo(end) {
      if (end - keptFrom > capacity) {
        keptFrom = Math.max(0, end - window);
        await cells.clear();
      }
      for (let at = keptFrom + cells.length; at < end; at += blockTokens) {
        await cells.append(tokens.slice(at, Math.min(end, at + blockTokens)));
      }
    },
  };
}
