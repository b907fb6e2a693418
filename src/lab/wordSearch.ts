/**
 * A search over lines by their words. Rare words count for more (by the logarithm of how few lines have them), so that
 * words which every line has decide nothing; of equal lines the newest is found.
 */
export class WordSearch {
  private readonly linesOf = new Map<string, number[]>();
  private count = 0;

  /** Lines are numbered from 0 in the order in which they are added. */
  add(line: string): void {
    for (const word of new Set(wordsOf(line))) {
      const lines = this.linesOf.get(word);
      if (lines === undefined) this.linesOf.set(word, [this.count]);
      else lines.push(this.count);
    }
    this.count++;
  }

  /** @returns the number of the line that matches best; undefined: no line has a word of the query */
  best(query: string): number | undefined {
    const scores = new Map<number, number>();
    for (const word of new Set(wordsOf(query))) {
      const lines = this.linesOf.get(word) ?? [];
      const weight = Math.log(1 + this.count / (1 + lines.length));
      for (const line of lines) scores.set(line, (scores.get(line) ?? 0) + weight);
    }
    let best: number | undefined;
    let highest = 0;
    for (const [line, score] of scores) {
      if (score < highest || (score === highest && line < (best ?? 0))) continue;
      [best, highest] = [line, score];
    }
    return best;
  }
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
}
