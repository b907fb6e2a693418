import { againstBound, calm, median, summarise, type AgainstBound, type Summary } from "../../src/base/statistics.ts";

/** One turn of one side. Milliseconds; tokens handed to the decoder, counted at the native call. */
export interface Sample {
  readonly milliseconds: number;
  readonly tokens: number;
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
  readonly ours: Summary & { readonly p99OverP50: number };
  /** Processor time of ours instead of the clock's. */
  readonly oursCpu: Summary & { readonly p99OverP50: number };
  /** The same of the turns in which the other side's time per token says that the machine was not disturbed. */
  readonly oursUndisturbed: Summary & { readonly p99OverP50: number };
  readonly theirs: Summary;
  readonly tokensOurs: Summary;
  readonly tokensTheirs: Summary;
}

export function figuresOf(turns: readonly FirstTokenTurn[]): FirstTokenFigures {
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
    ours: { ...ours, p99OverP50: ours.p99 / ours.p50 },
    oursCpu: { ...cpu, p99OverP50: cpu.p99 / cpu.p50 },
    oursUndisturbed: { ...undisturbed, p99OverP50: undisturbed.p99 / undisturbed.p50 },
    theirs: times("theirs", "milliseconds"),
    tokensOurs: times("ours", "tokens"),
    tokensTheirs: times("theirs", "tokens"),
  };
}
