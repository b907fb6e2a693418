import type { LayoutItem } from "./layout.ts";
import type { Segment } from "./segment.ts";

/** How to get from what is cached to what is wanted. */
export interface Alignment {
  /** Cached segments that stay, in order. They are a prefix of what is wanted. */
  readonly kept: readonly Segment[];
  /** What is wanted behind them and has to be evaluated. */
  readonly missing: readonly LayoutItem[];
  /** Index of the cached segment behind the last one that was matched. */
  readonly end: number;
}

/**
 * Compares segment lists, never raw text: what is wanted should be what is cached with pieces cut out, and a new tail.
 * Contents are matched by id. Template text between two contents is matched with the cached text between the same two
 * contents, the earliest copy first: so the glue behind the head stays where it is when the oldest turns go.
 */
export function align(cached: readonly Segment[], wanted: readonly LayoutItem[]): Alignment {
  const places = new Map<string, number>();
  cached.forEach((segment, index) => {
    if (!segment.isGlue && !segment.isStale) places.set(segment.key, index);
  });

  const kept: Segment[] = [];
  let next = 0;
  for (let index = 0; index < wanted.length; index++) {
    const item = wanted[index];
    if (item === undefined) break;
    if (item.type === "content") {
      const place = places.get(item.id);
      if (place === undefined || place < next) return { kept, missing: wanted.slice(index), end: next };
      const segment = cached[place];
      if (segment !== undefined) kept.push(segment);
      next = place + 1;
      continue;
    }
    const region = regionOf(cached, next, places, wanted[index + 1]);
    const same = (seen: string): boolean => seen === item.text;
    const blankEdge = (seen: string): boolean => seen.trimEnd() === item.text.trimEnd();
    const exact =
      findGlue(cached, next, region.end, item.text, same) ??
      (region.open ? undefined : findGlue(cached, next, region.end, item.text, blankEdge));
    if (exact !== undefined) {
      kept.push(...cached.slice(exact.start, exact.end));
      next = exact.end;
      continue;
    }
    const pieced = region.open ? undefined : pieceTogether(cached, next, region.end, item.text);
    if (pieced !== undefined) {
      for (const place of pieced) kept.push(...cached.slice(place, place + 1));
      next = (pieced.at(-1) ?? next) + 1;
      continue;
    }
    // A new tail may begin in the middle of a glue text: what stands there already is kept, the rest is appended.
    const partial = region.open ? gluePrefix(cached, next, item.text) : undefined;
    if (partial === undefined) return { kept, missing: wanted.slice(index), end: next };
    kept.push(...cached.slice(next, partial.end));
    const rest = { ...item, text: item.text.slice(partial.length) };
    return { kept, missing: [rest, ...wanted.slice(index + 1)], end: partial.end };
  }
  return { kept, missing: [], end: next };
}

/** The cached segments among which the next glue may be found. `open`: no content of the wanted list follows. */
function regionOf(
  cached: readonly Segment[],
  next: number,
  places: ReadonlyMap<string, number>,
  following: LayoutItem | undefined,
): { end: number; open: boolean } {
  if (following?.type === "content") {
    const place = places.get(following.id);
    if (place !== undefined && place >= next) return { end: place, open: false };
  }
  return { end: cached.length, open: true };
}

/**
 * Consecutive cached glue whose texts together are `text`. In front of a content blanks at the end may differ: where a
 * template prints `Assistant: ` before a reply and asks for one with `Assistant:`, the model writes the blank itself.
 */
function findGlue(
  cached: readonly Segment[],
  from: number,
  to: number,
  text: string,
  matches: (seen: string) => boolean,
): { start: number; end: number } | undefined {
  for (let start = from; start < to; start++) {
    let seen = "";
    for (let end = start; end < to && cached[end]?.isGlue === true; end++) {
      seen += cached[end]?.key ?? "";
      if (matches(seen)) return { start, end: end + 1 };
      if (!text.startsWith(seen)) break;
    }
  }
  return undefined;
}

/** The longest run of cached glue, beginning right here, that `text` begins with. */
function gluePrefix(
  cached: readonly Segment[],
  from: number,
  text: string,
): { end: number; length: number } | undefined {
  let seen = "";
  let end = from;
  while (cached[end]?.isGlue === true && text.startsWith(seen + (cached[end]?.key ?? ""))) {
    seen += cached[end]?.key ?? "";
    end++;
  }
  return end > from ? { end, length: seen.length } : undefined;
}

/**
 * Glue that a template prints around an empty thought (`<think></think>`), put together from the prompt's glue and the
 * tags that the model sampled itself, with the thought between them cut out. Blanks count as equal where they differ:
 * templates trim them.
 *
 * @returns the places of the pieces, in order
 */
function pieceTogether(cached: readonly Segment[], from: number, to: number, text: string): number[] | undefined {
  const pieces: { place: number; key: string }[] = [];
  for (let place = from; place < to; place++) {
    const segment = cached[place];
    if (segment?.isGlue === true) pieces.push({ place, key: segment.key });
  }
  const search = (first: number, position: number): number[] | undefined => {
    for (const advance of [exactAdvance, lenientAdvance]) {
      for (let index = first; index < pieces.length; index++) {
        const piece = pieces[index];
        const next = piece === undefined ? undefined : advance(text, position, piece.key);
        if (piece === undefined || next === undefined) continue;
        const rest = search(index + 1, next);
        if (rest !== undefined) return [piece.place, ...rest];
      }
      if (text.slice(position).trim() === "") return [];
    }
    return undefined;
  };
  const hasOpening = cached.slice(from, to).some((segment) => segment.kind === "open");
  return hasOpening ? search(0, 0) : undefined;
}

function exactAdvance(text: string, position: number, piece: string): number | undefined {
  return text.startsWith(piece, position) ? position + piece.length : undefined;
}

/** Skips blanks before the piece, on both sides, and behind it in the piece. */
function lenientAdvance(text: string, position: number, piece: string): number | undefined {
  const word = piece.trim();
  const start = position + (text.slice(position).length - text.slice(position).trimStart().length);
  return word !== "" && text.startsWith(word, start) ? start + word.length : undefined;
}
