import type { LlamaModel, LlamaContextOptions, Token } from "node-llama-cpp";

/** What reading one batch costs: `base` + `perCell` × the cells in use before it. Milliseconds. */
export interface ReadingCost {
  /** Tokens of the batch. */
  readonly tokens: number;
  readonly base: number;
  readonly perCell: number;
}

/** Best of so many: what else the machine does only slows things down. */
const tries = 3;

/**
 * Measures the bare library on cells filled to several heights, so that a bound can be told that counts not tokens but
 * their work: a token that looks back on a full window costs more than one at its beginning.
 */
export async function measureReadingCosts(
  model: LlamaModel,
  options: LlamaContextOptions & { readonly contextSize: number },
  batches: readonly number[],
): Promise<ReadingCost[]> {
  const context = await model.createContext(options);
  const sequence = context.getSequence();
  const largest = Math.max(...batches);
  const heights = [0.02, 0.25, 0.5, 0.75, 0.95].map((share) => Math.floor(share * (options.contextSize - largest - 2)));
  const points = new Map<number, (readonly [cells: number, milliseconds: number])[]>(batches.map((size) => [size, []]));
  try {
    for (const height of heights) {
      while (sequence.nextTokenIndex < height) {
        await sequence.evaluateWithoutGeneratingNewTokens(letters(Math.min(128, height - sequence.nextTokenIndex)));
      }
      for (const size of batches) {
        const times: number[] = [];
        for (let round = 0; round < tries; round++) {
          const start = performance.now();
          await sequence.evaluateWithoutGeneratingNewTokens(letters(size));
          times.push(performance.now() - start);
          await sequence.eraseContextTokenRanges([{ start: height, end: height + size }]);
        }
        points.get(size)?.push([height, Math.min(...times)]);
      }
    }
  } finally {
    await context.dispose();
  }
  return batches.map((tokens) => ({ tokens, ...line(points.get(tokens) ?? []) }));
}

/** What reading `tokens` takes at the least, after which `cells` are in use. @param cost of the batches that they come in */
export function readingTime({ tokens: batch, base, perCell }: ReadingCost, tokens: number, cells: number): number {
  let time = 0;
  for (let left = tokens, at = cells - tokens; left > 0; left -= batch, at += batch) {
    time += (Math.min(batch, left) / batch) * (base + perCell * at);
  }
  return time;
}

/** Least squares. */
function line(points: readonly (readonly [number, number])[]): Pick<ReadingCost, "base" | "perCell"> {
  const mean = (of: 0 | 1): number => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const perCell =
    points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) /
    points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  return { base: y - perCell * x, perCell };
}

function letters(count: number): Token[] {
  return Array.from({ length: count }, (_, index) => (97 + (index % 26)) as Token);
}
