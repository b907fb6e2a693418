import type { LlamaContextOptions, LlamaContextSequence, LlamaModel, Token } from "node-llama-cpp";
import { SeededRandom } from "../../fixtures/gguf/randomWeights.ts";

type Prediction = ReadonlyMap<Token, number>;

/** A sequence of a context of its own, one thread, so that results repeat to the bit. */
export async function openSequence(model: LlamaModel, options: LlamaContextOptions): Promise<LlamaContextSequence> {
  const context = await model.createContext({ threads: 1, batchSize: 64, ...options });
  return context.getSequence();
}

/** Random byte tokens of the fixture vocabulary, behind its BOS. */
export function randomTokens(model: LlamaModel, count: number, seed: number): Token[] {
  const random = new SeededRandom(seed);
  const tokens = Array.from({ length: count - 1 }, () => random.below(256) as Token);
  return model.tokens.bos === null ? tokens : [model.tokens.bos, ...tokens];
}

/** The probabilities of the token after `token`; the token stays in the sequence. */
export async function predictAfter(sequence: LlamaContextSequence, token: number): Promise<Prediction> {
  const output = await sequence.controlledEvaluate([
    [token as Token, { generateNext: { probabilities: true, options: { temperature: 0 } } }],
  ]);
  const probabilities = output[0]?.next.probabilities;
  if (probabilities === undefined) throw new Error("no probabilities");
  return probabilities;
}

/** What a fresh context predicts after the same tokens: what the cache should hold. */
export async function predictFresh(
  model: LlamaModel,
  options: LlamaContextOptions,
  tokens: readonly Token[],
  token: number,
): Promise<Prediction> {
  const sequence = await openSequence(model, options);
  await sequence.evaluateWithoutGeneratingNewTokens([...tokens]);
  const prediction = await predictAfter(sequence, token);
  await sequence.context.dispose();
  return prediction;
}

/** Kullback-Leibler divergence (nats) and whether the most probable token is the same. */
export function compare(from: Prediction, to: Prediction): { divergence: number; sameBest: boolean } {
  let divergence = 0;
  for (const [token, probability] of from) {
    if (probability > 0) divergence += probability * Math.log(probability / Math.max(to.get(token) ?? 0, 1e-30));
  }
  const best = (prediction: Prediction): Token | undefined =>
    [...prediction].reduce((highest, entry) => (entry[1] > highest[1] ? entry : highest))[0];
  return { divergence: Math.max(0, divergence), sameBest: best(from) === best(to) };
}

export function show(figures: { divergence: number; sameBest: boolean }): string {
  return `divergence ${figures.divergence.toExponential(1)} nats, most probable token ${figures.sameBest ? "the same" : "ANOTHER"}`;
}
