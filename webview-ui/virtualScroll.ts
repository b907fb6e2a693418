import { signal } from "@preact/signals";
import { HeightModel } from "./heightModel.ts";

/** The rows that are in the document: from `start` up to, not including, `end`. */
export interface RowRange {
  readonly start: number;
  readonly end: number;
}

export interface ReadingPosition {
  readonly id: string;
  /** Pixels of the row above the upper edge of the view. */
  readonly offset: number;
}

/** Pixels drawn beyond each edge once the first picture is there, so that scrolling meets rows that are there already. */
const fullOverscan = 600;
/** Most rows in the document at a time, whatever their heights. */
const maximalRows = 80;
/** Pixels from the end within which the reader counts as being there. */
const endTolerance = 24;

/**
 * Keeps a scrolled list of any length to a few rows, and keeps the reader's place: at the end while text arrives if
 * that is where the reader is, else at the same line, whatever changes above it.
 *
 * Heights come from the browser's own resize observations, between layout and paint: asking for them would make it lay
 * the page out again and again.
 */
export class VirtualScroll {
  readonly range = signal<RowRange>({ start: 0, end: 0 });
  readonly atEnd = signal(true);
  private readonly heights = new HeightModel();
  private position: ReadingPosition | undefined;
  private scroller: HTMLElement | undefined;
  private before: HTMLElement | undefined;
  private after: HTMLElement | undefined;
  /** As far as we know; an event that says nothing else is not the reader's doing. */
  private scrollTop = 0;
  /** Until the browser has laid the view out, no less than it will be: asking would make it do so twice. */
  private viewHeight = window.innerHeight;
  private overscan = 0;
  private readonly observer = new ResizeObserver((entries) => this.follow(entries));
  private readonly observed = new Set<Element>();

  constructor(private readonly onDidMove: (position: ReadingPosition | undefined) => void) {}

  attach(scroller: HTMLElement, before: HTMLElement, after: HTMLElement, position: ReadingPosition | undefined): void {
    this.scroller = scroller;
    this.before = before;
    this.after = after;
    this.position = position;
    this.atEnd.value = position === undefined;
    this.observer.observe(scroller);
    this.updateRange();
    // The second frame comes after the first picture.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        this.overscan = fullOverscan;
        this.updateRange();
      }),
    );
  }

  detach(): void {
    this.observer.disconnect();
    this.observed.clear();
    this.scroller = undefined;
  }

  setRows(ids: readonly string[], estimate: (index: number) => number): void {
    // A move of the reader's whose event has not come yet is a move all the same, and is measured by the old rows.
    this.onScroll();
    this.heights.setRows(ids, estimate);
    this.updateRange();
  }

  /** After rows were drawn: begins to follow their heights, and puts the reader in place. */
  rendered(): void {
    const { before, after } = this;
    if (before === undefined || after === undefined) return;
    const rows = new Set<Element>();
    for (let row = before.nextElementSibling; row !== null && row !== after; row = row.nextElementSibling)
      rows.add(row);
    for (const row of rows) {
      if (this.observed.has(row)) continue;
      this.observed.add(row);
      this.observer.observe(row, { box: "border-box" });
    }
    for (const row of this.observed) {
      if (rows.has(row)) continue;
      this.observed.delete(row);
      this.observer.unobserve(row);
    }
    this.place(false);
  }

  onScroll(): void {
    const { scroller } = this;
    if (scroller === undefined) return;
    const { scrollTop } = scroller;
    if (Math.abs(scrollTop - this.scrollTop) < 1) return;
    this.scrollTop = scrollTop;
    const left = scroller.scrollHeight - this.viewHeight - this.scrollTop;
    this.atEnd.value = left <= endTolerance;
    const y = this.scrollTop - this.lead();
    const index = this.heights.indexAt(y);
    const id = this.heights.idAt(index);
    const offset = y - this.heights.top(index);
    this.position = this.atEnd.peek() || id === undefined ? undefined : { id, offset };
    this.updateRange();
    this.onDidMove(this.position);
  }

  scrollToEnd(): void {
    this.position = undefined;
    this.atEnd.value = true;
    this.onDidMove(undefined);
    this.updateRange();
    this.place(true);
  }

  /** Brings a row to the upper edge, `margin` pixels below it. */
  scrollToRow(id: string, margin: number): void {
    if (this.heights.indexOf(id) < 0) return;
    this.position = { id, offset: -margin };
    this.atEnd.value = false;
    this.onDidMove(this.position);
    this.updateRange();
    this.place(true);
  }

  /** The row that many rows further down; undefined beyond either end. */
  idBeside(id: string, step: number): string | undefined {
    const index = this.heights.indexOf(id);
    return index < 0 ? undefined : this.heights.idAt(index + step);
  }

  /** Moves by pixels, as the reader would. */
  scrollBy(pixels: number): void {
    this.scroller?.scrollBy({ top: pixels, behavior: "instant" });
  }

  /** Some rows, or the view, have got another height. */
  private follow(entries: readonly ResizeObserverEntry[]): void {
    let changed = false;
    for (const { target, borderBoxSize, contentRect } of entries) {
      if (target === this.scroller) {
        changed ||= this.viewHeight !== contentRect.height;
        this.viewHeight = contentRect.height;
        continue;
      }
      const id = target instanceof HTMLElement ? target.dataset["id"] : undefined;
      const height = borderBoxSize[0]?.blockSize;
      if (id !== undefined && height !== undefined && this.observed.has(target)) {
        changed = this.heights.setHeight(id, height) || changed;
      }
    }
    if (!changed) return;
    this.place(true);
    this.updateRange();
  }

  /** Space above a conversation that is shorter than the view: it stands above the composer, where the eyes are. */
  private lead(): number {
    return Math.max(0, this.viewHeight - this.heights.total);
  }

  /** Sets the space for the rows that are not there, and the scroll position. */
  private place(isChanged: boolean): void {
    const { scroller, before, after, heights } = this;
    if (scroller === undefined || before === undefined || after === undefined) return;
    const { start, end } = this.range.peek();
    const resizedBefore = setHeight(before, heights.top(start) + this.lead());
    const resizedAfter = setHeight(after, heights.total - heights.top(end));
    const index = this.position === undefined ? -1 : heights.indexOf(this.position.id);
    if (this.position !== undefined && index >= 0) {
      this.setScrollTop(scroller, heights.top(index) + this.position.offset);
    } else if ((this.atEnd.peek() || this.position !== undefined) && (isChanged || resizedBefore || resizedAfter)) {
      this.setScrollTop(scroller, heights.total);
    }
  }

  private setScrollTop(scroller: HTMLElement, top: number): void {
    const wanted = Math.max(0, top);
    if (Math.abs(this.scrollTop - wanted) < 1) return;
    scroller.scrollTop = wanted;
    this.scrollTop = scroller.scrollTop;
  }

  private updateRange(): void {
    const { heights, position, viewHeight } = this;
    const index = position === undefined ? -1 : heights.indexOf(position.id);
    const top =
      position === undefined || index < 0
        ? Math.max(0, heights.total - viewHeight)
        : heights.top(index) + position.offset;
    let start = heights.indexAt(top - this.overscan);
    let end = heights.count === 0 ? 0 : heights.indexAt(top + viewHeight + this.overscan) + 1;
    if (end - start > maximalRows) {
      const middle = heights.indexAt(top + viewHeight / 2);
      start = Math.max(start, middle - maximalRows / 2);
      end = Math.min(end, start + maximalRows);
    }
    const now = this.range.peek();
    if (now.start !== start || now.end !== end) this.range.value = { start, end };
  }
}

/** Whether that was a change. */
function setHeight(element: HTMLElement, height: number): boolean {
  const wanted = `${Math.max(0, height)}px`;
  if (element.style.height === wanted) return false;
  element.style.height = wanted;
  return true;
}
