import type { LabContext } from "./experiment.ts";
import type { LabModel } from "./labModel.ts";
import { meanLossBy, perplexityRatio, ratioMargin } from "./perplexity.ts";
import type { CachePolicy, ScoredText } from "./policy.ts";

export interface MeasuredPolicy {
  readonly policy: CachePolicy;
  /** Cells that it needs. */
  readonly cells: number;
  /** Tokens of the text that it reads: all unless told. */
  readonly limit?: number;
}

export interface Measured {
  readonly name: string;
  /** Negative log-likelihoods in nats by scored position; of the first ones only where the policy had a limit. */
  readonly losses: Float64Array;
  /** Tokens that were evaluated. */
  readonly decoded: number;
}

/** Reads one text with several policies, each with cells of its own. In the order given. */
export async function measurePolicies(
  model: LabModel,
  policies: readonly MeasuredPolicy[],
  { tokens, scored }: ScoredText,
  context: Pick<LabContext, "progress">,
): Promise<Measured[]> {
  const results: Measured[] = [];
  for (const [index, { policy, cells: count, limit = tokens.length }] of policies.entries()) {
    // The library keeps one cell free.
    const cells = await model.cells({ contextSize: count + 1 });
    try {
      const text = { tokens: tokens.slice(0, limit), scored: scored.filter((position) => position < limit) };
      const losses = await policy.read(cells, text, (read) =>
        context.progress((index + read / tokens.length) / policies.length, policy.name),
      );
      results.push({ name: policy.name, losses, decoded: cells.decodedTokens });
    } finally {
      await cells.dispose();
    }
  }
  return results;
}

/** Perplexity over that of a reference at the same positions, with its margin (95 %). */
export function against({ losses }: Measured, reference: Measured): { ratio: number; margin: number } {
  const same = reference.losses.subarray(0, losses.length);
  return { ratio: perplexityRatio(losses, same), margin: ratioMargin(losses, same) };
}

/**
 * What perplexities, ratios and margins are reckoned from, small enough to keep: mean losses (nats) of equal stretches
 * of the scored positions.
 */
export function rawLosses(scored: readonly number[], results: readonly Measured[]): unknown {
  return {
    scored: { count: scored.length, first: scored[0], last: scored.at(-1) },
    meanLosses: Object.fromEntries(
      results.map(({ name, losses }) => [
        name,
        { count: losses.length, byStretch: meanLossBy(losses, 32).map((loss) => Number(loss.toFixed(5))) },
      ]),
    ),
  };
}
