import { byteCharacters } from "../fixtures/gguf/byteVocabulary.ts";

export interface Vocabulary {
  /** By id: the control tokens, then one for each byte, then one for each merge. */
  readonly tokens: readonly string[];
  readonly controlTokens: number;
  /** "left right", in the order in which they apply. */
  readonly merges: readonly string[];
}

/** How GPT-2 cuts text into words before merging (Radford et al. 2019, encoder.py); no merge crosses a cut. */
const words = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

interface Word {
  symbols: number[];
  readonly count: number;
}

/** More than any vocabulary holds, so that a pair of ids is one number. */
const pairBase = 2 ** 20;

/**
 * Trains a byte-level byte-pair encoding (Sennrich et al. 2016): the most frequent pair becomes a token, again and again.
 * Counts are kept up to date with each merge, and only the words that hold the pair are looked at. Of pairs that are
 * equally frequent the one of the oldest tokens wins. The vocabulary is smaller than asked for where no pair is left
 * that occurs twice.
 */
export function trainBpe(text: string, size: number, controlTokens: readonly string[]): Vocabulary {
  const tokens = [...controlTokens, ...byteCharacters()];
  const merges: string[] = [];
  const pairs = new PairCounts(countWords(text, controlTokens.length));
  while (tokens.length < size) {
    const best = pairs.mostFrequent();
    if (best === undefined) break;
    const [left, right] = best;
    merges.push(`${tokens[left] ?? ""} ${tokens[right] ?? ""}`);
    pairs.merge(left, right, tokens.length);
    tokens.push(`${tokens[left] ?? ""}${tokens[right] ?? ""}`);
  }
  return { tokens, controlTokens: controlTokens.length, merges };
}

function countWords(text: string, firstByte: number): Word[] {
  const counts = new Map<string, number>();
  for (const [word] of text.matchAll(words)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => ({
    symbols: [...Buffer.from(word)].map((byte) => byte + firstByte),
    count,
  }));
}

class PairCounts {
  private readonly counts = new Map<number, number>();
  /** The words that hold, or once held, a pair. */
  private readonly holders = new Map<number, Set<Word>>();

  constructor(all: readonly Word[]) {
    for (const word of all) this.add(word);
  }

  mostFrequent(): [left: number, right: number] | undefined {
    let best: number | undefined;
    let most = 1;
    for (const [pair, count] of this.counts) {
      if (count > most || (count === most && best !== undefined && pair < best)) {
        best = pair;
        most = count;
      }
    }
    return best === undefined ? undefined : [Math.floor(best / pairBase), best % pairBase];
  }

  merge(left: number, right: number, merged: number): void {
    const pair = left * pairBase + right;
    for (const word of this.holders.get(pair) ?? []) {
      this.subtract(word);
      word.symbols = mergedSymbols(word.symbols, left, right, merged);
      this.add(word);
    }
    this.holders.delete(pair);
  }

  private add(word: Word): void {
    for (const pair of pairsOf(word.symbols)) {
      this.counts.set(pair, (this.counts.get(pair) ?? 0) + word.count);
      const holders = this.holders.get(pair);
      if (holders === undefined) this.holders.set(pair, new Set([word]));
      else holders.add(word);
    }
  }

  private subtract(word: Word): void {
    for (const pair of pairsOf(word.symbols)) {
      const count = (this.counts.get(pair) ?? 0) - word.count;
      if (count > 0) this.counts.set(pair, count);
      else this.counts.delete(pair);
    }
  }
}

function* pairsOf(symbols: readonly number[]): Generator<number> {
  for (let index = 1; index < symbols.length; index++) yield symbols[index - 1]! * pairBase + symbols[index]!;
}

function mergedSymbols(symbols: readonly number[], left: number, right: number, merged: number): number[] {
  const result: number[] = [];
  for (let index = 0; index < symbols.length; index++) {
    if (symbols[index] === left && symbols[index + 1] === right) {
      result.push(merged);
      index++;
    } else result.push(symbols[index]!);
  }
  return result;
}
