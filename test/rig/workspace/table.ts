/** One row of the table. */
export interface Row {
  readonly name: string;
  readonly size: number;
}

/** Sorts by size, largest first; rows of the same size keep their order. */
export function sortBySize(rows: readonly Row[]): Row[] {
  return [...rows].sort((first, second) => second.size - first.size);
}
