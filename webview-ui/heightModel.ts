/**
 * Where the rows of a long list lie, in pixels: measured heights where a row has been drawn, estimates elsewhere. Heights
 * belong to ids, so they stay right when rows are added or removed.
 */
export class HeightModel {
  private readonly measured = new Map<string, number>();
  private ids: readonly string[] = [];
  private estimate: (index: number) => number = () => 0;
  /** `tops[i]` is the upper edge of row i; one more entry for the lower edge of the last. */
  private tops = new Float64Array(1);
  private dirty = true;

  get count(): number {
    return this.ids.length;
  }

  /** Height of all rows. */
  get total(): number {
    return this.top(this.ids.length);
  }

  setRows(ids: readonly string[], estimate: (index: number) => number): void {
    this.ids = ids;
    this.estimate = estimate;
    this.dirty = true;
  }

  /** Whether this changed anything. */
  setHeight(id: string, height: number): boolean {
    if (this.measured.get(id) === height) return false;
    this.measured.set(id, height);
    this.dirty = true;
    return true;
  }

  idAt(index: number): string | undefined {
    return this.ids[index];
  }

  indexOf(id: string): number {
    return this.ids.lastIndexOf(id);
  }

  /** Upper edge of the row; of the end of the list for an index beyond it. */
  top(index: number): number {
    if (this.dirty) this.sum();
    return this.tops[Math.max(0, Math.min(index, this.ids.length))] ?? 0;
  }

  /** The row that covers this height; the first or last one outside of the list. */
  indexAt(y: number): number {
    let low = 0;
    let high = Math.max(0, this.ids.length - 1);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.top(middle) <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private sum(): void {
    this.dirty = false;
    if (this.tops.length !== this.ids.length + 1) this.tops = new Float64Array(this.ids.length + 1);
    let top = 0;
    for (const [index, id] of this.ids.entries()) {
      this.tops[index] = top;
      top += this.measured.get(id) ?? this.estimate(index);
    }
    this.tops[this.ids.length] = top;
  }
}
