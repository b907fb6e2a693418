import type { LlamaContextSequence, Token as LlamaToken } from "node-llama-cpp";
import type { SamplingSettings, Token, TokenRange, TokenSequence } from "../../conversation/tokenSequence.ts";
import { grammarState } from "./replyGrammar.ts";

/** Newest tokens that the repeat penalty looks at. */
const penaltyWindow = 64;

/** One sequence of node-llama-cpp's context, counted by the library's own meter. */
export class LlamaTokenSequence implements TokenSequence {
  /** Tokens that the meter counted as input although the library only moved them. */
  private shifted = 0;
  private readonly meterBase: number;
  private unsettled = false;

  constructor(private readonly sequence: LlamaContextSequence) {
    this.meterBase = this.meter;
  }

  private get meter(): number {
    const { usedInputTokens, usedOutputTokens } = this.sequence.tokenMeter.getState();
    return usedInputTokens + usedOutputTokens;
  }

  get capacity(): number {
    return this.sequence.contextSize - 1;
  }

  get length(): number {
    return this.sequence.nextTokenIndex;
  }

  get isUnsettled(): boolean {
    return this.unsettled;
  }

  get decodedTokens(): number {
    return this.meter - this.meterBase - this.shifted;
  }

  /** What the library believes to be in the cells. */
  get tokens(): readonly Token[] {
    return this.sequence.contextTokens;
  }

  async append(tokens: readonly Token[]): Promise<void> {
    await this.sequence.evaluateWithoutGeneratingNewTokens(asLlama(tokens), { contextShift: noShift });
    this.unsettled = false;
  }

  async erase(ranges: readonly TokenRange[]): Promise<void> {
    const first = ranges.reduce((least, range) => Math.min(least, range.start), Number.POSITIVE_INFINITY);
    const erased = ranges.reduce((sum, range) => sum + range.end - range.start, 0);
    // The library meters cells that it moves as input, although it evaluates none of them.
    const moved = Math.max(0, this.length - first - erased);
    this.shifted += moved;
    await this.sequence.eraseContextTokenRanges([...ranges]);
    // Behind an erased tail there is nothing whose keys would have to be rotated still.
    this.unsettled ||= moved > 0;
  }

  /** Writes the cells to a file. Never straight after an erase: what is restored then is silently wrong (docs/upstream). */
  async saveState(path: string): Promise<void> {
    if (this.unsettled) throw new Error("the cells are not settled: a token must be evaluated first");
    await this.sequence.saveStateToFile(path);
  }

  /** Reads cells back. The caller has checked that the file is whole and from the same model and options. */
  async loadState(path: string): Promise<void> {
    await this.sequence.loadStateFromFile(path, { acceptRisk: true });
    this.unsettled = false;
  }

  async clear(): Promise<void> {
    await this.sequence.clearHistory();
  }

  async *generate(
    prompt: readonly Token[],
    sampling: SamplingSettings,
  ): AsyncGenerator<Token, void, readonly Token[] | undefined> {
    const { temperature = 0, topK = 40, topP = 0.95, minP = 0.05, repeatPenalty = 1, seed, grammar } = sampling;
    const grammarEvaluationState = grammar && (await grammarState(this.sequence.model, grammar));
    const generator = this.sequence.evaluate(asLlama(prompt), {
      temperature,
      topK,
      topP,
      minP,
      ...(seed === undefined ? {} : { seed }),
      ...(repeatPenalty === 1
        ? {}
        : {
            repeatPenalty: {
              penalty: repeatPenalty,
              punishTokens: () => this.sequence.contextTokens.slice(-penaltyWindow),
            },
          }),
      ...(grammarEvaluationState === undefined ? {} : { grammarEvaluationState }),
      contextShift: noShift,
    });
    try {
      let input: readonly Token[] | undefined;
      for (;;) {
        const step = await generator.next(input === undefined ? undefined : asLlama(input));
        this.unsettled = false;
        if (step.done === true) return;
        input = yield step.value;
      }
    } finally {
      await generator.return();
    }
  }
}

/** The conversation makes room before the library has to: its own shift would erase from the front and re-evaluate. */
const noShift = {
  strategy: (): never => {
    throw new Error("the window was overrun: room must be made before tokens are evaluated");
  },
};

function asLlama(tokens: readonly Token[]): LlamaToken[] {
  return tokens as unknown as LlamaToken[];
}
