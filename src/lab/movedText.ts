import type { Token } from "../conversation/tokenSequence.ts";
import { keyErrors, keysOf, type KeyErrors, type KeyRows } from "./keyRows.ts";
import type { LabCells } from "./labCells.ts";
import { divergence, lossOf, type Distribution } from "./likelihood.ts";
import { mean } from "./perplexity.ts";

/** What moves have done to a text; it is compared where it stands at other positions too. */
export interface Moved {
  /** Mean Kullback-Leibler divergence (nats) of the predictions from those before all moves. */
  readonly divergence: number;
  /** Perplexity of the probe over that before all moves. */
  readonly ratio: number;
  /** null where the keys stand at other positions than before, or where they or their heads cannot be read. */
  readonly keys: KeyErrors | null;
}

/**
 * A text whose cells are moved as a whole: all distances stay the same, and so would the predictions, were it not for the
 * rounding of the keys, which are rotated in the precision in which they are kept. The reference has been rounded once,
 * when the keys were stored.
 */
export class MovedText {
  private above = 0;

  private constructor(
    private readonly cells: LabCells,
    private readonly probe: readonly Token[],
    private readonly headSize: number,
    private readonly before: readonly Distribution[],
    private readonly keysBefore: KeyRows | undefined,
  ) {}

  /**
   * @param probe tokens behind the text, whose predictions are compared; they are evaluated anew each time
   * @param headSize elements of a head; 0: not known
   */
  static async place(
    cells: LabCells,
    text: readonly Token[],
    probe: readonly Token[],
    headSize: number,
  ): Promise<MovedText> {
    await cells.clear();
    await cells.append(text);
    const before = await predictBehind(cells, probe);
    return new MovedText(cells, probe, headSize, before, await readableKeys(cells, probe));
  }

  /** Positions above where it was placed. */
  get position(): number {
    return this.above;
  }

  /** One shift of all keys. */
  async move(delta: number): Promise<void> {
    this.cells.move(delta);
    this.above += delta;
    // Keys are rotated when something is evaluated; until then moves would only be added up.
    await this.cells.append(this.probe.slice(0, 1));
    this.cells.dropLast(1);
  }

  async look(): Promise<Moved> {
    const after = await predictBehind(this.cells, this.probe);
    const keys = this.above === 0 ? await readableKeys(this.cells, this.probe) : undefined;
    const comparable = keys !== undefined && this.keysBefore !== undefined && this.headSize > 0;
    return {
      ...compared(this.probe, this.before, after),
      keys: comparable ? keyErrors(keys, this.keysBefore, this.headSize) : null,
    };
  }
}

async function predictBehind(cells: LabCells, probe: readonly Token[]): Promise<Distribution[]> {
  const predictions = await cells.predictEach(probe);
  cells.dropLast(probe.length);
  return predictions;
}

/** Of a model whose cells are written in a way that is not read here the predictions are measured all the same. */
function readableKeys(cells: LabCells, [any = 0]: readonly Token[]): Promise<KeyRows | undefined> {
  return keysOf(cells, any).catch(() => undefined);
}

function compared(
  probe: readonly Token[],
  before: readonly Distribution[],
  after: readonly Distribution[],
): Pick<Moved, "divergence" | "ratio"> {
  const none: Distribution = new Float64Array(0);
  const divergences = before.map((prediction, at) => divergence(prediction, after[at] ?? none));
  const gains = before
    .slice(0, -1)
    .map((prediction, at) => lossOf(after[at] ?? none, probe[at + 1] ?? 0) - lossOf(prediction, probe[at + 1] ?? 0));
  return { divergence: mean(divergences), ratio: Math.exp(mean(gains)) };
}
