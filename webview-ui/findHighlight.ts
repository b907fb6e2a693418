import type { FindMatch } from "./conversationFind.ts";

const allName = "daylong-find";
const currentName = "daylong-find-current";

/** Most ranges that are coloured at a time; only what is near the reader is in the document anyway. */
const maximalRanges = 2_000;

/**
 * Colours the matches in the rows that are drawn, without touching their nodes, and brings the current one into view.
 * Returns what takes the colours away.
 */
export function showMatches(
  root: HTMLElement,
  query: string,
  current: FindMatch | undefined,
  scrollBy: (pixels: number) => void,
): () => void {
  const all = new Highlight();
  const marked = new Highlight();
  for (const part of root.querySelectorAll<HTMLElement>("[data-part]")) {
    const isCurrent =
      current !== undefined &&
      part.dataset["part"] === current.part &&
      part.closest<HTMLElement>("article")?.dataset["id"] === current.turnId;
    const ranges = rangesOf(part, query.toLowerCase());
    // Signs of markdown are in the text that is searched, but not on the screen: the last match stands for the missing.
    const chosen = isCurrent ? ranges[Math.min(current.ordinal, ranges.length - 1)] : undefined;
    for (const range of ranges) if (all.size < maximalRanges) (range === chosen ? marked : all).add(range);
    if (chosen !== undefined) reveal(root, chosen, scrollBy);
  }
  CSS.highlights.set(allName, all);
  CSS.highlights.set(currentName, marked);
  return () => {
    CSS.highlights.delete(allName);
    CSS.highlights.delete(currentName);
  };
}

function rangesOf(part: HTMLElement, query: string): Range[] {
  if (query === "") return [];
  const nodes: { readonly node: Text; readonly start: number }[] = [];
  let joined = "";
  const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (!(node instanceof Text) || node.parentElement?.closest(".code-header, .chips") !== null) continue;
    nodes.push({ node, start: joined.length });
    joined += node.data.toLowerCase();
  }
  const place = (at: number) => {
    const found = nodes.findLast(({ start }) => start <= at);
    return found === undefined
      ? undefined
      : { node: found.node, offset: Math.min(at - found.start, found.node.length) };
  };
  const ranges: Range[] = [];
  for (let at = joined.indexOf(query); at >= 0; at = joined.indexOf(query, at + query.length)) {
    const from = place(at);
    const to = place(at + query.length - 1);
    if (from === undefined || to === undefined) break;
    const range = document.createRange();
    range.setStart(from.node, from.offset);
    range.setEnd(to.node, Math.min(to.offset + 1, to.node.length));
    ranges.push(range);
  }
  return ranges;
}

function reveal(root: HTMLElement, range: Range, scrollBy: (pixels: number) => void): void {
  const view = root.getBoundingClientRect();
  const place = range.getBoundingClientRect();
  if (place.height > 0 && (place.top < view.top + 8 || place.bottom > view.bottom - 8)) {
    scrollBy(place.top - view.top - view.height / 3);
  }
}
