import { Segment, type SegmentKind, type SegmentRun } from "./segment.ts";
import type { WrittenReply } from "./conversationTypes.ts";
import type { Token } from "./tokenSequence.ts";
import type { CachedTurn } from "./turn.ts";

/** The books of a conversation, as they are kept beside the cells in a snapshot. */
export interface ConversationState {
  readonly segments: readonly {
    readonly kind: SegmentKind;
    readonly key: string;
    readonly turnId?: string;
    readonly dropped: number;
    readonly tokens: readonly number[];
    readonly runs: readonly SegmentRun[];
  }[];
  readonly turns: readonly CachedTurn[];
  /** Turns that stand behind newer ones because they were shown to the model again. */
  readonly broughtBack: readonly string[];
  /** The last tokens of a reply that was stopped: sampled, but not evaluated. They go in with whatever comes next. */
  readonly owed?: OwedTokens;
  /** The newest reply, if all of it is known. */
  readonly written?: WrittenText;
}

/** The tokens are in the segments. */
export type WrittenText = Omit<WrittenReply, "tokenIds">;

export interface OwedTokens {
  readonly turnId: string;
  readonly tokens: readonly Token[];
}

export function exportState(
  segments: readonly Segment[],
  turns: readonly CachedTurn[],
  broughtBack: Iterable<string>,
  owed: OwedTokens | undefined,
  written: WrittenText | undefined,
): ConversationState {
  return {
    segments: segments.map(({ kind, key, turnId, dropped, tokens, runs }) => ({
      kind,
      key,
      ...(turnId === undefined ? {} : { turnId }),
      dropped,
      tokens,
      runs,
    })),
    turns,
    broughtBack: [...broughtBack],
    ...(owed === undefined ? {} : { owed }),
    ...(written === undefined ? {} : { written }),
  };
}

export function importSegments(state: ConversationState): Segment[] {
  return state.segments.map((saved) => {
    const segment = new Segment(saved.kind, saved.key, saved.turnId);
    segment.dropped = saved.dropped;
    segment.restore(saved.tokens, saved.runs);
    return segment;
  });
}
