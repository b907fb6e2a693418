import type { Token } from "./tokenSequence.ts";

/**
 * What a stretch of the cache holds. `glue` is template text; `open` is the part of the generation prompt that the
 * template leaves out once the reply is history (for instance an opening `<think>`); the rest is content.
 */
export type SegmentKind = "glue" | "open" | "system" | "text" | "attachment" | "thought" | "reply";

/** Tokens of a segment that came in together, with the number of times they were moved. */
export interface SegmentRun {
  length: number;
  shifts: number;
}

/** A stretch of the cache that is kept or forgotten as one. */
export class Segment {
  readonly tokens: Token[] = [];
  /** Tokens forgotten from the front: a turn larger than the window streams through it. */
  dropped = 0;
  /** Its content has another text by now (an edited message keeps its id): to be erased with the next change. */
  isStale = false;
  runs: SegmentRun[] = [];

  /**
   * @param key glue and open: the text; content: its id, unique in the conversation
   * @param turnId the turn that it belongs to; undefined for the head
   */
  constructor(
    readonly kind: SegmentKind,
    readonly key: string,
    readonly turnId: string | undefined,
  ) {}

  get isGlue(): boolean {
    return this.kind === "glue" || this.kind === "open";
  }

  /** Times that the most travelled token of this segment was moved. Each move rotates K once more in f16. */
  get shifts(): number {
    return this.runs.reduce((most, run) => Math.max(most, run.shifts), 0);
  }

  append(tokens: readonly Token[]): void {
    if (tokens.length === 0) return;
    for (const token of tokens) this.tokens.push(token);
    const last = this.runs.at(-1);
    if (last?.shifts === 0) last.length += tokens.length;
    else this.runs.push({ length: tokens.length, shifts: 0 });
  }

  /** Takes over what a snapshot says. */
  restore(tokens: readonly Token[], runs: readonly SegmentRun[]): void {
    for (const token of tokens) this.tokens.push(token);
    this.runs = runs.map((run) => ({ ...run }));
  }

  /** Forgets the oldest `count` tokens. */
  dropFront(count: number): void {
    this.tokens.splice(0, count);
    this.dropped += count;
    let left = count;
    this.runs = this.runs.filter((run) => {
      const taken = Math.min(left, run.length);
      run.length -= taken;
      left -= taken;
      return run.length > 0;
    });
  }

  takeLast(): Token | undefined {
    const token = this.tokens.pop();
    const run = this.runs.at(-1);
    if (run !== undefined && --run.length === 0) this.runs.pop();
    return token;
  }

  /** Tokens at the front that were moved `limit` times already. */
  wornTokens(limit: number): number {
    let worn = 0;
    let seen = 0;
    for (const run of this.runs) {
      seen += run.length;
      if (run.shifts >= limit) worn = seen;
    }
    return worn;
  }

  countShift(): void {
    for (const run of this.runs) run.shifts++;
  }
}

export function countTokens(segments: readonly Segment[]): number {
  return segments.reduce((sum, segment) => sum + segment.tokens.length, 0);
}
