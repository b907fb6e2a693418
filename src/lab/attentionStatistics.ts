import type { LayerAttention } from "./reference/referenceModel.ts";

/** Attention of one layer, averaged over texts of the same length. */
export class MeanAttention {
  private texts = 0;
  private readonly sums: Float64Array;

  /** @param tokens of each text */
  constructor(
    private readonly heads: number,
    private readonly tokens: number,
  ) {
    this.sums = new Float64Array(heads * tokens * tokens);
  }

  add({ weights }: LayerAttention): void {
    for (let index = 0; index < this.sums.length; index++) {
      this.sums[index] = (this.sums[index] ?? 0) + (weights[index] ?? 0);
    }
    this.texts++;
  }

  /** @returns `[from][to]`, averaged over heads and texts */
  map(): number[][] {
    return Array.from({ length: this.tokens }, (_, from) =>
      Array.from({ length: this.tokens }, (_unused, to) => {
        let sum = 0;
        for (let head = 0; head < this.heads; head++) sum += this.at(head, from, to);
        return sum / this.heads;
      }),
    );
  }

  /**
   * The share of the attention that goes to the first token, by head: averaged over texts and over the tokens from `from`
   * (inclusive) to the end, which look back at that many tokens.
   */
  firstTokenShares(from: number): number[] {
    return Array.from({ length: this.heads }, (_, head) => {
      let sum = 0;
      for (let at = from; at < this.tokens; at++) sum += this.at(head, at, 0);
      return sum / (this.tokens - from);
    });
  }

  private at(head: number, from: number, to: number): number {
    return (this.sums[(head * this.tokens + from) * this.tokens + to] ?? 0) / this.texts;
  }
}

/** Layers to show of many, as the paper does: the first three, and some up to the last. */
export function shownLayers(layers: number, most = 8): number[] {
  if (layers <= most) return Array.from({ length: layers }, (_, layer) => layer);
  const rest = most - 3;
  return [0, 1, 2, ...Array.from({ length: rest }, (_, index) => 2 + Math.round(((index + 1) * (layers - 3)) / rest))];
}

/** The first token's share if all tokens got the same. */
export function evenShare(from: number, tokens: number): number {
  let sum = 0;
  for (let at = from; at < tokens; at++) sum += 1 / (at + 1);
  return sum / (tokens - from);
}
