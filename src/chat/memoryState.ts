import type { CacheState } from "../engine/engine.ts";
import type { CountersView, SpanView } from "../messages/chatMessages.ts";
import type { Transcript } from "./transcript.ts";
import type { ChatDelta } from "./viewChannel.ts";

const noCounters: CountersView = { windowTokens: 0, windowSize: 0, shifts: 0, reprocessedTokens: 0 };

/** What the view is told of the engine's cache: counters of the day, the ribbon, and which turns are remembered. */
export class MemoryState {
  private current = noCounters;
  private currentSpans: readonly SpanView[] = [];
  /** What earlier engine processes of this conversation had counted before they went away. */
  private carried = { shifts: 0, reprocessedTokens: 0 };

  constructor(
    private readonly transcript: Transcript,
    private readonly tell: (delta: ChatDelta) => void,
    private readonly onDidChange: (erased: readonly string[], broughtBack: readonly string[]) => void,
  ) {}

  get counters(): CountersView {
    return this.current;
  }

  get spans(): readonly SpanView[] {
    return this.currentSpans;
  }

  /** `running`: the turn that is being answered; it is on its way into the window before its first token is there. */
  follow(cache: CacheState, running: string | undefined): void {
    const { windowTokens, windowSize, shifts, reprocessedTokens } = cache.counters;
    this.current = {
      windowTokens,
      windowSize,
      shifts: this.carried.shifts + shifts,
      reprocessedTokens: this.carried.reprocessedTokens + reprocessedTokens,
    };
    this.currentSpans = cache.spans;
    const known = cache.rememberedTurnIds;
    // The engine lets go of a pin that has outgrown the room for pins.
    const outgrown = this.transcript.turns.filter(
      ({ id, pinned }) => pinned && known.includes(id) && !cache.pinnedTurnIds.includes(id),
    );
    for (const { id } of outgrown) this.transcript.change(id, { pinned: false });
    this.tellRemembered(running === undefined || known.includes(running) ? known : [...known, running]);
  }

  /** The engine's cache goes, and its counts with it; they stay in the sum of the day. */
  carryOver(): void {
    const { shifts, reprocessedTokens } = this.current;
    this.carried = { shifts, reprocessedTokens };
  }

  /** Another conversation: everything is counted anew. */
  clear(): void {
    this.current = noCounters;
    this.carried = { shifts: 0, reprocessedTokens: 0 };
    this.currentSpans = [];
  }

  tellRemembered(remembered: readonly string[]): void {
    const known = new Set(remembered);
    const changed = this.transcript.turns.filter((turn) => turn.remembered !== known.has(turn.id));
    this.transcript.setRemembered(remembered);
    const ids = (was: boolean): string[] => changed.filter((turn) => turn.remembered === was).map(({ id }) => id);
    if (changed.length > 0) this.onDidChange(ids(true), ids(false));
    this.tell({ type: "memory", counters: this.current, spans: this.currentSpans, remembered });
  }
}
