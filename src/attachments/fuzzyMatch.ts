/** How well a text fits what was typed, and the places (UTF-16 code units) of the letters that fit. */
export interface FuzzyMatch {
  readonly score: number;
  readonly marks: readonly number[];
}

const boundary = /[\s/\\._\-:()[\]]/;

/**
 * The letters of `query` in `text`, in order and whatever their case. Letters that follow each other count most, then
 * those that begin a word or the name behind the last slash; of two texts that fit alike the shorter one is better.
 */
export function fuzzyMatch(text: string, query: string): FuzzyMatch | undefined {
  const wanted = query.toLowerCase().replace(/\s+/g, "");
  if (wanted === "") return { score: 0, marks: [] };
  const name = text.replace(/\/$/, "").lastIndexOf("/") + 1;
  // The name first: there a match says most.
  const inName = matchFrom(text, wanted, name);
  const anywhere = name === 0 ? undefined : matchFrom(text, wanted, 0);
  if (inName === undefined) return anywhere;
  const better = { ...inName, score: inName.score + 20 };
  return anywhere !== undefined && anywhere.score > better.score ? anywhere : better;
}

function matchFrom(text: string, wanted: string, from: number): FuzzyMatch | undefined {
  const lower = text.toLowerCase();
  // A lower-case text of another length (İ) would put the marks elsewhere.
  if (lower.length !== text.length) return undefined;
  const whole = lower.indexOf(wanted, from);
  if (whole >= 0) {
    const marks = Array.from({ length: wanted.length }, (_, index) => whole + index);
    return { marks, score: scoreOf(text, marks) };
  }
  const marks: number[] = [];
  let position = from;
  for (const letter of wanted) {
    const beginning = beginningOf(text, lower, letter, position);
    const next = lower.indexOf(letter, position);
    if (next < 0) return undefined;
    // The beginning of a word, unless what is left could not follow it.
    const place = beginning >= 0 && holds(lower, wanted.slice(marks.length), beginning) ? beginning : next;
    marks.push(marks.at(-1) === next - 1 ? next : place);
    position = (marks.at(-1) ?? place) + 1;
  }
  return { marks, score: scoreOf(text, marks) };
}

function beginningOf(text: string, lower: string, letter: string, from: number): number {
  for (let place = lower.indexOf(letter, from); place >= 0; place = lower.indexOf(letter, place + 1)) {
    if (isBeginning(text, place)) return place;
  }
  return -1;
}

function holds(text: string, letters: string, from: number): boolean {
  let position = from;
  for (const letter of letters) {
    const place = text.indexOf(letter, position);
    if (place < 0) return false;
    position = place + 1;
  }
  return true;
}

function isBeginning(text: string, place: number): boolean {
  const before = text[place - 1];
  const here = text[place] ?? "";
  return before === undefined || boundary.test(before) || (/[A-Z]/.test(here) && /[a-z]/.test(before));
}

function scoreOf(text: string, marks: readonly number[]): number {
  let score = 0;
  marks.forEach((place, index) => {
    if (marks[index - 1] === place - 1) score += 8;
    score += isBeginning(text, place) ? 6 : 1;
  });
  return score - text.length / 100;
}

export interface Ranked<T> {
  readonly item: T;
  readonly marks: readonly number[];
}

/** The best `most` items, best first; among equals the given order. `bonus`: points beside how well the text fits. */
export function rank<T>(
  items: readonly T[],
  query: string,
  most: number,
  textOf: (item: T) => string,
  bonus: (item: T) => number = () => 0,
): Ranked<T>[] {
  const found = items.flatMap((item) => {
    const match = fuzzyMatch(textOf(item), query);
    return match === undefined ? [] : [{ item, marks: match.marks, score: match.score + bonus(item) }];
  });
  return found
    .sort((one, other) => other.score - one.score)
    .slice(0, most)
    .map(({ item, marks }) => ({ item, marks }));
}
