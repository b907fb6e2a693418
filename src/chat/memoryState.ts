import type { CacheState } from "../engine/engine.ts";
import {
  noCounters,
  reprocessReasons,
  type CountersView,
  type ModelView,
  type ReprocessReason,
  type SpanView,
} from "../messages/chatMessages.ts";
import { DayTotals, type CounterContext, type UsageKeeping } from "./dayTotals.ts";
import type { ReplyKind } from "./replyRunner.ts";
import type { Transcript } from "./transcript.ts";
import type { ChatDelta } from "./viewChannel.ts";

export interface MemoryStateOptions {
  readonly transcript: Transcript;
  readonly tell: (delta: ChatDelta) => void;
  readonly onDidChange: (erased: readonly string[], broughtBack: readonly string[]) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly usage: UsageKeeping | undefined;
}

/** What the view is told of the engine's cache: counters of the day, the ribbon, and which turns are remembered. */
export class MemoryState {
  private window = { windowTokens: 0, windowSize: 0 };
  private currentSpans: readonly SpanView[] = [];
  private readonly day: DayTotals;

  constructor(private readonly options: MemoryStateOptions) {
    const { now, usage } = options;
    this.day = new DayTotals({ now, usage, onDidChange: () => this.tellAgain() });
  }

  get counters(): CountersView {
    const { tokens, restored, shifts, reprocessed } = this.day.today;
    const known = reprocessReasons.filter((reason) => (reprocessed[reason] ?? 0) > 0);
    return {
      ...noCounters,
      ...this.window,
      shifts,
      reprocessedTokens: Object.values(reprocessed).reduce((sum, count) => sum + count, 0),
      reprocessed: Object.fromEntries(known.map((reason) => [reason, reprocessed[reason] ?? 0])),
      tokens,
      restoredTokens: restored,
    };
  }

  get spans(): readonly SpanView[] {
    return this.currentSpans;
  }

  /** `running`: the turn that is being answered; it is on its way into the window before its first token is there. */
  follow(cache: CacheState, running: string | undefined, context: CounterContext): void {
    const { transcript } = this.options;
    const { windowTokens, windowSize } = cache.counters;
    this.window = { windowTokens, windowSize };
    this.day.follow(cache.counters, context);
    this.currentSpans = cache.spans;
    const known = cache.rememberedTurnIds;
    // The engine lets go of a pin that has outgrown the room for pins.
    const outgrown = transcript.turns.filter(
      ({ id, pinned }) => pinned && known.includes(id) && !cache.pinnedTurnIds.includes(id),
    );
    for (const { id } of outgrown) transcript.change(id, { pinned: false });
    this.tellRemembered(running === undefined || known.includes(running) ? known : [...known, running]);
  }

  /** Another conversation: nothing of it is in the window yet. */
  clear(): void {
    this.window = { windowTokens: 0, windowSize: 0 };
    this.currentSpans = [];
  }

  dispose(): void {
    this.day.dispose();
  }

  private tellRemembered(remembered: readonly string[]): void {
    const { transcript, onDidChange } = this.options;
    const known = new Set(remembered);
    const changed = transcript.turns.filter((turn) => turn.remembered !== known.has(turn.id));
    transcript.setRemembered(remembered);
    const ids = (was: boolean): string[] => changed.filter((turn) => turn.remembered === was).map(({ id }) => id);
    if (changed.length > 0) onDidChange(ids(true), ids(false));
    this.options.tell({ type: "memory", counters: this.counters, spans: this.currentSpans, remembered });
  }

  /** The day's totals have changed by themselves. */
  private tellAgain(): void {
    const remembered = this.options.transcript.turns.filter((turn) => turn.remembered).map(({ id }) => id);
    this.options.tell({ type: "memory", counters: this.counters, spans: this.currentSpans, remembered });
  }
}

/** Why the engine may be computing something a second time now. `kind`: the reply that runs. */
export function reprocessReasonOf(model: ModelView, kind: ReplyKind | undefined): ReprocessReason {
  if (model.state === "ready" && model.mode === "recompute") return "recompute";
  return kind === undefined || kind === "send" ? "saving" : kind;
}
