import type { TokenRange, Token } from "../conversation/tokenSequence.ts";
import { LlamaTokenSequence } from "../engine/worker/llamaTokenSequence.ts";
import type { LoadedRuntime } from "../engine/worker/llamaRuntime.ts";
import { lossFrom, type Distribution } from "./likelihood.ts";

type LlamaContext = LoadedRuntime["context"];
type LlamaSequence = ReturnType<LlamaContext["getSequence"]>;
type LlamaToken = Parameters<LlamaSequence["controlledEvaluate"]>[0][number] extends infer Item
  ? Exclude<Item, readonly unknown[]>
  : never;

/** Pairs of token and probability, one after the other, as the native sampler hands them over. */
type RawProbabilities = readonly number[];

/** The library's native calls that its public interface does not reach. Fixed by the pinned version. */
interface NativeContext {
  sampleToken(
    batchLogitIndex: number,
    sampler: unknown,
    probabilities: boolean,
    confidence: boolean,
  ): Promise<[token: number, probabilities?: RawProbabilities, confidence?: number]>;
  removeTokenCellsFromSequence(sequence: number, start: number, end: number): boolean;
  shiftSequenceTokenCells(sequence: number, start: number, end: number, delta: number): void;
}

interface SequenceInternals {
  readonly _sequenceId: number;
  _nextTokenIndex: number;
  _contextTokens: unknown[];
}

/**
 * One sequence of cells: the engine's own wrapper, with what measurements need besides. Each policy of the lab runs on it.
 */
export class LabCells {
  private readonly sequence: LlamaSequence;
  private readonly tokens_: LlamaTokenSequence;
  private readonly native: NativeContext;
  private readonly internals: SequenceInternals;
  /** Set while an evaluation is scored: takes what the sampler saw. */
  private onProbabilities: ((probabilities: RawProbabilities) => void) | undefined;

  /** @param sequence of the context, where it is in use already; what is evaluated here must be erased again then */
  constructor(
    context: LlamaContext,
    private readonly disposeContext: () => Promise<void>,
    sequence?: LlamaSequence,
  ) {
    // Checkpoints are for models that cannot go back; here they would only cost memory.
    this.sequence = sequence ?? context.getSequence({ checkpoints: { max: 0, interval: false } });
    this.tokens_ = new LlamaTokenSequence(this.sequence);
    this.native = (context as unknown as { _ctx: NativeContext })._ctx;
    this.internals = this.sequence as unknown as SequenceInternals;
    this.interceptSampling();
  }

  /** Cells in use. */
  get length(): number {
    return this.tokens_.length;
  }

  /** Cells that can be used. */
  get capacity(): number {
    return this.tokens_.capacity;
  }

  /** Tokens handed to the decoder so far, by the library's meter. */
  get decodedTokens(): number {
    return this.tokens_.decodedTokens;
  }

  get tokens(): readonly Token[] {
    return this.tokens_.tokens;
  }

  /** Evaluates tokens at the end without looking at what the model says. */
  async append(tokens: readonly Token[]): Promise<void> {
    if (tokens.length > 0) await this.tokens_.append(tokens);
  }

  /**
   * Evaluates `tokens` at the end.
   *
   * @param targets by index of `tokens`: the token that really comes next, or undefined where nothing is asked
   * @returns by index: negative log-likelihood of the target in nats; NaN where nothing is asked
   */
  async score(tokens: readonly Token[], targets: readonly (Token | undefined)[]): Promise<Float64Array> {
    const result = new Float64Array(tokens.length).fill(Number.NaN);
    const asked = targets.flatMap((target, index) => (target === undefined ? [] : [{ target, index }]));
    await this.evaluate(
      tokens,
      asked.map(({ index }) => index),
      (probabilities, at) => {
        const { target, index } = asked[at] ?? { target: -1, index: 0 };
        result[index] = lossFrom(probabilityOf(probabilities, target));
      },
    );
    return result;
  }

  /** Evaluates `tokens` at the end. @returns what the model says comes behind the last one */
  async predict(tokens: readonly Token[]): Promise<Distribution> {
    let distribution: Distribution = new Float64Array(0);
    await this.evaluate(tokens, [tokens.length - 1], (probabilities) => (distribution = tabled(probabilities)));
    return distribution;
  }

  /** Evaluates `tokens` at the end. @returns what the model says comes behind each of them */
  async predictEach(tokens: readonly Token[]): Promise<Distribution[]> {
    const distributions: Distribution[] = [];
    await this.evaluate(
      tokens,
      tokens.map((_, index) => index),
      (probabilities) => distributions.push(tabled(probabilities)),
    );
    return distributions;
  }

  /** Evaluates `tokens` at the end. @returns the likeliest token to come next; it is not evaluated */
  async greedy(tokens: readonly Token[]): Promise<Token> {
    const last = tokens.length - 1;
    const output = await this.sequence.controlledEvaluate(
      tokens.map((token, index) =>
        index === last
          ? [token as LlamaToken, { generateNext: { token: true, options: { temperature: 0 } } }]
          : (token as LlamaToken),
      ),
      { contextShift: noShift },
    );
    const next = output[last]?.next.token;
    if (next === undefined || next === null) throw new Error("the library gave no token");
    return next;
  }

  /** Removes cells; those behind are moved, nothing is evaluated. As the product does it: never from index 0. */
  async erase(ranges: readonly TokenRange[]): Promise<void> {
    await this.tokens_.erase(ranges);
  }

  /**
   * Forgets the first `count` cells and moves all others down, without evaluating anything: a sliding window without
   * sinks. The library's own erase from 0 drops the cache and evaluates the rest again, so this goes to the native calls
   * below it, which its meter does not see.
   */
  eraseFront(count: number): void {
    const { _sequenceId: id, _nextTokenIndex: end } = this.internals;
    if (!this.native.removeTokenCellsFromSequence(id, 0, count)) throw new Error("the cells could not be removed");
    this.native.shiftSequenceTokenCells(id, count, end, -count);
    this.internals._contextTokens = this.internals._contextTokens.slice(count);
    this.internals._nextTokenIndex = end - count;
  }

  /**
   * Moves all cells by `delta` positions, up or down. A model that sees distances only must predict the same behind it;
   * the keys are rotated when the next token is evaluated.
   */
  move(delta: number): void {
    const { _sequenceId: id, _nextTokenIndex: end } = this.internals;
    this.native.shiftSequenceTokenCells(id, 0, end, delta);
    this.internals._nextTokenIndex = end + delta;
  }

  /** Takes the newest `count` cells away. */
  dropLast(count: number): void {
    const { _sequenceId: id, _nextTokenIndex: end } = this.internals;
    if (!this.native.removeTokenCellsFromSequence(id, end - count, end)) throw new Error("the cells stay");
    this.internals._contextTokens = this.internals._contextTokens.slice(0, -count);
    this.internals._nextTokenIndex = end - count;
  }

  async clear(): Promise<void> {
    await this.tokens_.clear();
  }

  /** Writes the cells to a file. The newest is evaluated again: only settled cells can be restored (docs/upstream). */
  async saveState(file: string): Promise<void> {
    const newest = this.tokens.slice(-1);
    this.dropLast(1);
    await this.append(newest);
    await this.tokens_.saveState(file);
  }

  /** Reads back what {@link saveState} wrote from the same model with the same options. */
  async loadState(file: string): Promise<void> {
    await this.tokens_.loadState(file);
  }

  async dispose(): Promise<void> {
    await this.disposeContext();
  }

  private async evaluate(
    tokens: readonly Token[],
    asked: readonly number[],
    take: (probabilities: RawProbabilities, at: number) => void,
  ): Promise<void> {
    const wanted = new Set(asked);
    let at = 0;
    this.onProbabilities = (probabilities) => take(probabilities, at++);
    try {
      await this.sequence.controlledEvaluate(
        tokens.map((token, index) =>
          wanted.has(index)
            ? [token as LlamaToken, { generateNext: { token: true, options: { temperature: 0 } } }]
            : (token as LlamaToken),
        ),
        { contextShift: noShift },
      );
    } finally {
      this.onProbabilities = undefined;
    }
    if (at !== asked.length) throw new Error(`asked for ${asked.length} predictions, got ${at}`);
  }

  /**
   * The library hands all probabilities of a prediction over as a `Map`, which takes longer than the prediction. They are
   * taken one level below, at temperature 0, where the sampler leaves the model's own probabilities untouched.
   */
  private interceptSampling(): void {
    const original = this.native.sampleToken.bind(this.native);
    const sampleToken: NativeContext["sampleToken"] = async (index, sampler, probabilities, confidence) => {
      const take = this.onProbabilities;
      if (take === undefined) return original(index, sampler, probabilities, confidence);
      const [token, all] = await original(index, sampler, true, confidence);
      take(all ?? []);
      return [token];
    };
    Object.defineProperty(this.native, "sampleToken", { configurable: true, value: sampleToken });
  }
}

/** The lab's policies make room themselves. */
const noShift = {
  strategy: (): never => {
    throw new Error("the window was overrun: a policy must make room before tokens are evaluated");
  },
};

function probabilityOf(probabilities: RawProbabilities, token: Token): number {
  for (let index = 0; index < probabilities.length; index += 2) {
    if (probabilities[index] === token) return probabilities[index + 1] ?? 0;
  }
  return 0;
}

function tabled(probabilities: RawProbabilities): Distribution {
  const table = new Float64Array(probabilities.length / 2);
  for (let index = 0; index < probabilities.length; index += 2) {
    table[probabilities[index] ?? 0] = probabilities[index + 1] ?? 0;
  }
  return table;
}
