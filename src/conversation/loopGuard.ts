import type { Token } from "./tokenSequence.ts";

/** Longest repeated passage, in tokens, that counts as a loop. */
const longestPeriod = 128;
/** A passage must come back this often … */
const leastRepeats = 6;
/** … and fill this many tokens. Tables and test data repeat themselves too, but not for so long. */
const leastTokens = 240;
/** How often to look, in tokens. */
const interval = 16;

/** Notices a reply that repeats itself without end, as small models do. */
export class LoopGuard {
  private readonly recent: Token[] = [];
  private seen = 0;

  /** Adds a sampled token; true if the reply has run into a loop. */
  push(token: Token): boolean {
    this.recent.push(token);
    if (this.recent.length > longestPeriod * leastRepeats * 2) this.recent.splice(0, longestPeriod * leastRepeats);
    this.seen++;
    if (this.seen % interval !== 0 || this.recent.length < leastTokens) return false;
    for (let period = 1; period <= longestPeriod; period++) {
      if (this.repeats(period)) return true;
    }
    return false;
  }

  private repeats(period: number): boolean {
    const span = Math.max(period * leastRepeats, leastTokens);
    const end = this.recent.length;
    if (span > end) return false;
    for (let index = end - span + period; index < end; index++) {
      if (this.recent[index] !== this.recent[index - period]) return false;
    }
    return true;
  }
}
