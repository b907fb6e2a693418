import type { LlamaContext, LlamaContextSequence, LlamaModel, Token } from "node-llama-cpp";
import type { Hardware } from "../engine.ts";

/** What moving the kept tokens did to the model's predictions, measured on the loaded model itself. */
export interface SelfTestReport {
  readonly passed: boolean;
  /**
   * Kullback-Leibler divergence (nats, the mean over the probe tokens) of the prediction after each shift from the one
   * before all shifts. A correct shift leaves rounding; a wrong one does not.
   */
  readonly divergences: readonly number[];
  readonly worstDivergence: number;
  readonly tolerance: number;
  /** Of all predictions compared, the part in which the most probable token stayed the same. */
  readonly sameBestToken: number;
  /** Tokens that the library evaluated a second time when ranges were erased in the middle and at the tail. */
  readonly evaluatedAgain: number;
  readonly milliseconds: number;
}

interface SelfTestOptions {
  readonly threads?: number;
  /** As the conversation's own context has it. */
  readonly valueCache?: Hardware["valueCache"];
}

/** Tokens. */
const textLength = 64;
const step = 24;
const steps = 4;
const probeCount = 4;
const contextSize = 256;

/**
 * Nats. Measured: correct shifts up to 1.7e-4 on 72 models with random weights (8 kinds, 2 to 24 layers) and 4.3e-4 on the
 * trained 8-bit demo model, whose rounding of activations shows most; YaRN from 1.7e-2 (x1.5) to 1.9, LongRoPE from 8e-2,
 * layers without rotation from 0.5.
 */
const tolerance = 3e-3;

/**
 * Moves what a model remembers and compares its predictions before and after.
 *
 * What is compared is exact for models of any depth: the keys of a text are moved as a whole, so all distances stay the
 * same, and a model that sees distances only must predict the same. (Comparing an eviction with a fresh evaluation would
 * not do: from the second layer on, kept values rightly carry traces of what was evicted.) The text is moved up in one
 * step and down again in several: a factor on the keys grows with each step; layers that do not rotate their keys, but
 * are rotated by the shift, are seen on the way.
 *
 * To be run only where the metadata allows a shift: on others llama.cpp aborts. Uses a context of its own.
 */
export async function runSelfTest(model: LlamaModel, options: SelfTestOptions = {}): Promise<SelfTestReport> {
  const startedAt = performance.now();
  const text = testTokens(model);
  const shifted = await withSequence(model, options, (sequence, context) => measureShifts(sequence, context, text));
  const evaluatedAgain = await withSequence(model, options, (sequence) => countEvaluatedAgain(sequence, text));
  const worstDivergence = Math.max(...shifted.divergences);
  return {
    passed: worstDivergence <= tolerance && evaluatedAgain === 0,
    ...shifted,
    worstDivergence,
    tolerance,
    evaluatedAgain,
    milliseconds: Math.round(performance.now() - startedAt),
  };
}

async function withSequence<T>(
  model: LlamaModel,
  options: SelfTestOptions,
  use: (sequence: LlamaContextSequence, context: LlamaContext) => Promise<T>,
): Promise<T> {
  const { threads, valueCache } = options;
  const context = await model.createContext({
    contextSize,
    batchSize: textLength,
    ...(threads === undefined ? {} : { threads }),
    ...(valueCache === "q8_0" ? { experimentalKvCacheValueType: "Q8_0", flashAttention: true } : {}),
  });
  try {
    return await use(context.getSequence(), context);
  } finally {
    await context.dispose();
  }
}

/** What the library does not offer in public: moving cells up, and by a step of choice. Fixed by the pinned version. */
interface SequenceInternals {
  readonly _sequenceId: number;
  _nextTokenIndex: number;
}

interface ContextInternals {
  readonly _ctx: {
    shiftSequenceTokenCells(sequence: number, start: number, end: number, delta: number): void;
    removeTokenCellsFromSequence(sequence: number, start: number, end: number): boolean;
  };
}

async function measureShifts(
  sequence: LlamaContextSequence,
  context: LlamaContext,
  text: readonly Token[],
): Promise<Pick<SelfTestReport, "divergences" | "sameBestToken">> {
  const cells = (context as unknown as ContextInternals)._ctx;
  const internals = sequence as unknown as SequenceInternals;
  const id = internals._sequenceId;
  const kept = text.slice(0, textLength);
  const probes = text.slice(textLength, textLength + probeCount);
  await sequence.evaluateWithoutGeneratingNewTokens([...kept]);

  let start = 0;
  const move = (delta: number): void => {
    cells.shiftSequenceTokenCells(id, start, start + textLength, delta);
    start += delta;
    internals._nextTokenIndex = start + textLength;
  };
  const predict = async (): Promise<Prediction[]> => {
    const predictions: Prediction[] = [];
    for (const probe of probes) {
      predictions.push(await predictAfter(sequence, probe));
      cells.removeTokenCellsFromSequence(id, start + textLength, start + textLength + 1);
      internals._nextTokenIndex = start + textLength;
    }
    return predictions;
  };

  const before = await predict();
  const divergences: number[] = [];
  let same = 0;
  for (const delta of [step * steps, ...Array<number>(steps).fill(-step)]) {
    move(delta);
    const after = await predict();
    divergences.push(mean(after.map((prediction, index) => divergence(before[index] ?? prediction, prediction))));
    same += after.filter(
      (prediction, index) => bestToken(prediction) === bestToken(before[index] ?? prediction),
    ).length;
  }
  return { divergences, sameBestToken: same / (divergences.length * probes.length) };
}

/** Erases as the conversation does: twice in the middle (the head stays), then at the tail. */
async function countEvaluatedAgain(sequence: LlamaContextSequence, text: readonly Token[]): Promise<number> {
  const appended: Token[] = [];
  let shifted = 0;
  const append = async (tokens: readonly Token[]): Promise<void> => {
    appended.push(...tokens);
    await sequence.evaluateWithoutGeneratingNewTokens([...tokens]);
  };
  const erase = async (start: number, end: number): Promise<void> => {
    shifted += sequence.nextTokenIndex - end;
    await sequence.eraseContextTokenRanges([{ start, end }]);
  };
  const meter = sequence.tokenMeter.getState();
  await append(text.slice(0, textLength));
  for (let round = 0; round < 2; round++) {
    await erase(4, 4 + textLength / 4);
    await append(text.slice(round * probeCount, (round + 1) * probeCount));
  }
  await erase(sequence.nextTokenIndex - probeCount, sequence.nextTokenIndex);
  await append(text.slice(0, probeCount));
  const used = sequence.tokenMeter.diff(meter);
  return used.usedInputTokens + used.usedOutputTokens - shifted - appended.length;
}

type Prediction = ReadonlyMap<Token, number>;

async function predictAfter(sequence: LlamaContextSequence, token: Token): Promise<Prediction> {
  // At temperature 0 the library leaves the model's own probabilities untouched.
  const output = await sequence.controlledEvaluate([
    [token, { generateNext: { probabilities: true, options: { temperature: 0 } } }],
  ]);
  const probabilities = output[0]?.next.probabilities;
  if (probabilities === undefined) throw new Error("The library returned no probabilities.");
  return probabilities;
}

function divergence(from: Prediction, to: Prediction): number {
  let sum = 0;
  for (const [token, probability] of from) {
    if (probability > 0) sum += probability * Math.log(probability / Math.max(to.get(token) ?? 0, Number.MIN_VALUE));
  }
  return Math.max(0, sum);
}

function bestToken(prediction: Prediction): Token | undefined {
  let best: Token | undefined;
  let highest = -1;
  for (const [token, probability] of prediction) {
    if (probability > highest) [best, highest] = [token, probability];
  }
  return best;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Ordinary text: random tokens would make a trained model's predictions needlessly touchy. */
function testTokens(model: LlamaModel): Token[] {
  const sentence =
    "The first function reads a line of text, counts the words in it, and returns the longest one. " +
    "If the line is empty, it returns nothing. The second function calls the first for every line of a file. ";
  const tokens: Token[] = model.tokens.bos === null ? [] : [model.tokens.bos];
  while (tokens.length < textLength + probeCount) tokens.push(...model.tokenize(sentence));
  return tokens;
}
