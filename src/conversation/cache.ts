import { countTokens, type Segment } from "./segment.ts";
import type { Token, TokenRange, TokenSequence } from "./tokenSequence.ts";

/** Tokens of a segment that is about to be evaluated. The segment may be new or already in the cache. */
export interface Addition {
  readonly segment: Segment;
  readonly tokens: readonly Token[];
  /** Tokens that were evaluated before and lost their cell: they count as re-processed, not as new. */
  readonly again?: boolean;
}

/**
 * The list of segments over one sequence, kept equal to it in every operation. Cells behind the last segment are
 * floating: sampled and evaluated, but not yet known to be thought or reply.
 */
export class Cache {
  private list: Segment[] = [];
  /** Times that kept cells were moved. */
  shifts = 0;
  /** New tokens handed to the decoder. */
  appended = 0;

  constructor(readonly sequence: TokenSequence) {}

  get segments(): readonly Segment[] {
    return this.list;
  }

  /** The cached segment of a content. */
  content(id: string): Segment | undefined {
    return this.list.find((segment) => !segment.isGlue && segment.key === id && !segment.isStale);
  }

  /** The content has another text by now: what is cached of it is not found any more, and goes with the next change. */
  markStale(id: string): void {
    for (const segment of this.list) if (!segment.isGlue && segment.key === id) segment.isStale = true;
  }

  get length(): number {
    return this.sequence.length;
  }

  get floating(): number {
    return this.sequence.length - countTokens(this.list);
  }

  /** Decoded by the library minus handed over by us as new (invariant 1). */
  get reprocessed(): number {
    return this.sequence.decodedTokens - this.appended;
  }

  /**
   * Keeps these segments, a subsequence of the cached ones, without the given number of tokens at their fronts, and
   * erases everything else in one call: K is rotated once, in the next decode. Floating cells are kept if `keepFloating`.
   */
  async keep(kept: readonly Segment[], trims: ReadonlyMap<string, number>, keepFloating: boolean): Promise<void> {
    const staying = new Set(kept);
    const erased: TokenRange[] = [];
    const moved: Segment[] = [];
    let position = 0;
    for (const segment of this.list) {
      const size = segment.tokens.length;
      const cut = staying.has(segment) ? Math.min(segment.isGlue ? 0 : (trims.get(segment.key) ?? 0), size) : size;
      if (cut > 0) erased.push({ start: position, end: position + cut });
      if (erased.length > 0 && cut < size) moved.push(segment);
      if (staying.has(segment) && cut > 0) segment.dropFront(cut);
      position += size;
    }
    const floating = this.sequence.length - position;
    if (floating > 0 && !keepFloating) erased.push({ start: position, end: this.sequence.length });
    this.list = this.list.filter((segment) => staying.has(segment));
    if (erased.length === 0) return;
    await this.sequence.erase(erased);
    for (const segment of moved) segment.countShift();
    if (moved.length > 0 || (floating > 0 && keepFloating)) this.shifts++;
  }

  /** Takes over the books of cells that were loaded into the sequence. */
  adopt(segments: readonly Segment[]): void {
    this.list = [...segments];
  }

  /** Notes tokens that the sequence has evaluated at its end. */
  note(addition: Addition): void {
    if (!this.list.includes(addition.segment)) this.list.push(addition.segment);
    addition.segment.append(addition.tokens);
    if (addition.again !== true) this.appended += addition.tokens.length;
  }

  /** Counts tokens as new whose place is not yet known: they float behind the segments. */
  noteFloating(count: number): void {
    this.appended += count;
  }

  /** Gives floating cells a place, in order. */
  place(segment: Segment, tokens: readonly Token[]): void {
    if (!this.list.includes(segment)) this.list.push(segment);
    segment.append(tokens);
  }

  /** Takes the last token out of the books and erases its cell, so that it can be decoded again. */
  async takeLast(): Promise<{ segment: Segment; token: Token } | undefined> {
    const segment = this.list.findLast((candidate) => candidate.tokens.length > 0);
    const token = segment?.takeLast();
    if (segment === undefined || token === undefined) return undefined;
    await this.eraseTail(this.sequence.length - 1);
    return { segment, token };
  }

  /** Erases the cells from `length` on. The books must already hold no more than that. */
  async eraseTail(length: number): Promise<void> {
    if (this.sequence.length > length) await this.sequence.erase([{ start: length, end: this.sequence.length }]);
  }
}
