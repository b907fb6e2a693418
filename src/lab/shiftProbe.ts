import { usualSinks } from "./defaults.ts";
import type { LabCells } from "./labCells.ts";
import type { KeyType, LabModel } from "./labModel.ts";
import { divergence, lossOf } from "./likelihood.ts";
import { streamingForgetting } from "./policies.ts";
import { readOnce } from "./policy.ts";

/** What a streaming cache predicts at some positions, beside two references with 16-bit keys that were never shifted. */
export interface Probed {
  readonly keys: KeyType;
  readonly chunk: number;
  /** By probe, in nats: of the token itself, and Kullback-Leibler divergences from the two references. */
  readonly losses: Float64Array;
  readonly fromFresh: number[];
  readonly fromBare: number[];
  /** Losses of a fresh evaluation of the same kept tokens, and of the last tokens that fit. */
  readonly freshLosses: Float64Array;
  readonly bareLosses: Float64Array;
  /** Evictions before each probe. */
  readonly shifts: number[];
}

/** Streams through the text; at each probe the same tokens, and the last ones, are evaluated afresh with 16-bit keys. */
export async function probeShifts(
  model: LabModel,
  keys: KeyType,
  count: number,
  window: number,
  tokens: readonly number[],
  probes: ReadonlySet<number>,
  onProgress: (read: number) => Promise<void>,
): Promise<Probed> {
  const cells = await model.cells({ contextSize: window + 1, keys });
  const reference = await model.cells({ contextSize: window + 1 });
  const losses: number[] = [];
  const fresh: number[] = [];
  const bare: number[] = [];
  const result = { keys, chunk: count, fromFresh: [] as number[], fromBare: [] as number[], shifts: [] as number[] };
  let evictions = 0;
  const forgetting = streamingForgetting(usualSinks, window, count);
  try {
    await readOnce(
      {
        ...forgetting,
        makeRoom: async (own) => {
          evictions++;
          await forgetting.makeRoom(own);
        },
      },
      cells,
      tokens,
      {
        isScored: () => false,
        onLoss: () => undefined,
        onProgress,
        probe: {
          isAsked: (position) => probes.has(position),
          async onPrediction(position, token, prediction) {
            const again = await evaluatedAfresh(reference, cells.tokens);
            const last = await evaluatedAfresh(reference, tokens.slice(position - window, position));
            losses.push(lossOf(prediction, token));
            fresh.push(lossOf(again, token));
            bare.push(lossOf(last, token));
            result.fromFresh.push(divergence(again, prediction));
            result.fromBare.push(divergence(last, prediction));
            result.shifts.push(evictions);
          },
        },
      },
    );
  } finally {
    await cells.dispose();
    await reference.dispose();
  }
  return {
    ...result,
    losses: Float64Array.from(losses),
    freshLosses: Float64Array.from(fresh),
    bareLosses: Float64Array.from(bare),
  };
}

async function evaluatedAfresh(cells: LabCells, tokens: readonly number[]): Promise<Float64Array> {
  await cells.clear();
  return cells.predict(tokens);
}
