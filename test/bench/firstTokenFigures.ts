import { readingTime, type ReadingCost } from "./readingCost.ts";
import { againstBound, calm, median, summarise, type AgainstBound, type Summary } from "../../src/base/statistics.ts";

/** One turn of one side. Milliseconds; tokens handed to the decoder, counted at the native call. */
export interface Sample {
  readonly milliseconds: number;
  readonly tokens: number;
  /** Cells in use when the prompt was read. */
  readonly cells?: number;
  /** Of all threads of the process, to the end of the reply: what waiting for a busy machine does not lengthen. */
  readonly cpuMilliseconds?: number;
}

type Measured = "milliseconds" | "tokens";

export interface FirstTokenTurn {
  readonly ours: Sample;
  readonly theirs: Sample;
}

export interface FirstTokenFigures {
  readonly turns: number;
  /** Turns in which the other evaluated at least three times the new tokens. */
  readonly slowTurnsOfOthers: number;
  /** Of those turns: medians of the ratios, theirs over ours. */
  readonly times: AgainstBound;
  /** The same beside what the bare library takes at the least for the tokens of each side, where they stand. */
  readonly timesByWork: AgainstBound | undefined;
  readonly ours: Summary & { readonly p99OverP50: number };
  /** Processor time of ours instead of the clock's. */
  readonly oursCpu: Summary & { readonly p99OverP50: number };
  /** The same of the turns in which the other side's time per token says that the machine was not disturbed. */
  readonly oursUndisturbed: Summary & { readonly p99OverP50: number };
  readonly theirs: Summary;
  readonly tokensOurs: Summary;
  readonly tokensTheirs: Summary;
}

/** @param costs of reading in batches: the first as long as our prompts, the last as a long prompt is read */
export function figuresOf(turns: readonly FirstTokenTurn[], costs: readonly ReadingCost[] = []): FirstTokenFigures {
  const slow = turns.filter(({ ours, theirs }) => theirs.tokens >= 3 * ours.tokens);
  const ratio = (of: Measured): number => median(slow.map(({ ours, theirs }) => theirs[of] / ours[of]));
  const times = (side: keyof FirstTokenTurn, of: Measured): Summary => summarise(turns.map((turn) => turn[side][of]));
  const ours = times("ours", "milliseconds");
  const cpu = summarise(turns.flatMap((turn) => turn.ours.cpuMilliseconds ?? []));
  const perToken = ({ theirs }: FirstTokenTurn): number => theirs.milliseconds / theirs.tokens;
  const undisturbed = summarise(calm(turns, perToken).map((turn) => turn.ours.milliseconds));
  return {
    turns: turns.length,
    slowTurnsOfOthers: slow.length,
    times: againstBound(ratio("milliseconds"), ratio("tokens")),
    timesByWork: byWork(slow, ratio("milliseconds"), costs),
    ours: { ...ours, p99OverP50: ours.p99 / ours.p50 },
    oursCpu: { ...cpu, p99OverP50: cpu.p99 / cpu.p50 },
    oursUndisturbed: { ...undisturbed, p99OverP50: undisturbed.p99 / undisturbed.p50 },
    theirs: times("theirs", "milliseconds"),
    tokensOurs: times("ours", "tokens"),
    tokensTheirs: times("theirs", "tokens"),
  };
}

function byWork(
  turns: readonly FirstTokenTurn[],
  ratio: number,
  costs: readonly ReadingCost[],
): AgainstBound | undefined {
  const [ours, theirs] = [costs.at(0), costs.at(-1)];
  if (ours === undefined || theirs === undefined) return undefined;
  const bounds = turns.flatMap((turn) => {
    if (turn.ours.cells === undefined || turn.theirs.cells === undefined) return [];
    return (
      readingTime(theirs, turn.theirs.tokens, turn.theirs.cells) / readingTime(ours, turn.ours.tokens, turn.ours.cells)
    );
  });
  return bounds.length === 0 ? undefined : againstBound(ratio, median(bounds));
}
