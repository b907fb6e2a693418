/** Letters that stand in rows without blanks between words. */
const dense = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;

/**
 * The words of a text for a search, as they are written: names in code also by their parts (`planEviction`: plan,
 * Eviction), scripts without blanks by pairs of letters.
 */
export function searchWords(text: string): string[] {
  const words: string[] = [];
  for (const [run] of text.matchAll(/[\p{L}\p{M}\p{N}_$]+/gu)) {
    if (dense.test(run)) words.push(...pairs(run));
    else {
      words.push(run);
      const parts = run.match(/\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}[\p{Ll}\p{M}]*|\p{N}+|\p{Lo}+/gu) ?? [];
      if (parts.length > 1) words.push(...parts);
    }
  }
  return words;
}

/** Makes one of what differs only in case, accents and width. */
export function foldWord(word: string): string {
  return word.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

function pairs(run: string): string[] {
  const letters = Array.from(run);
  return letters.length === 1 ? letters : letters.slice(1).map((letter, index) => (letters[index] ?? "") + letter);
}
