import type { Token } from "../conversation/tokenSequence.ts";
import type { LabCells } from "./labCells.ts";

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

/** A policy that evaluates every token once. */
export function singlePass(forgetting: Forgetting): CachePolicy {
  return {
    name: forgetting.name,
    forgetting,
    async read(cells, text, onProgress) {
      const { tokens } = text;
      const losses: number[] = [];
      const scored = new Set(text.scored);
      await cells.clear();
      for (let at = 0; at < tokens.length;) {
        if (cells.length >= forgetting.window) await forgetting.makeRoom(cells);
        const count = Math.min(blockTokens, forgetting.window - cells.length, tokens.length - at);
        if (count <= 0) throw new Error(`${forgetting.name} made no room`);
        const block = tokens.slice(at, at + count);
        const targets = block.map((_, index) => (scored.has(at + index + 1) ? tokens[at + index + 1] : undefined));
        for (const loss of await cells.score(block, targets)) if (!Number.isNaN(loss)) losses.push(loss);
        at += count;
        forgetting.onEvaluated?.(at - count, at);
        await onProgress?.(at);
      }
      return Float64Array.from(losses);
    },
  };
}
