import type { LlamaContextSequence } from "node-llama-cpp";
import type { Token, TokenRange } from "../../conversation/tokenSequence.ts";
import { LlamaTokenSequence } from "./llamaTokenSequence.ts";

/** What the engine library does correctly on a model that cannot be shifted. */
export interface RecomputeAbilities {
  /**
   * Cells at the end can be taken off. Not on hybrid and recurrent models, whose running state cannot be wound back:
   * the library restores a checkpoint there, and after a second erase a stale one (docs/upstream).
   */
  readonly tailErase: boolean;
}

/**
 * A sequence of a model whose cells cannot be moved: when something in the middle goes, what is kept is evaluated anew.
 * Correct, and slow; the decoder's meter shows what it costs.
 */
export class RecomputeTokenSequence extends LlamaTokenSequence {
  constructor(
    private readonly cells: LlamaContextSequence,
    private readonly abilities: RecomputeAbilities,
    /** Tokens evaluated at a time, and what hears about them. */
    private readonly chunkTokens: number,
    private readonly onProgress: (done: number, total: number) => void,
  ) {
    super(cells);
  }

  override async erase(ranges: readonly TokenRange[]): Promise<void> {
    const kept = this.tokens.filter((_, index) => ranges.every(({ start, end }) => index < start || index >= end));
    const first = ranges.reduce((least, range) => Math.min(least, range.start), this.length);
    if (kept.length === this.length) return;
    if (this.abilities.tailErase && kept.length === first) {
      await super.erase([{ start: first, end: this.length }]);
      return;
    }
    await this.cells.clearHistory();
    await this.evaluateAgain(kept);
  }

  private async evaluateAgain(tokens: readonly Token[]): Promise<void> {
    for (let done = 0; done < tokens.length; done += this.chunkTokens) {
      await this.append(tokens.slice(done, done + this.chunkTokens));
      this.onProgress(Math.min(done + this.chunkTokens, tokens.length), tokens.length);
    }
  }
}
