import type { ConversationCore } from "./conversationCore.ts";
import type { PartText, StopFlag } from "./conversationTypes.ts";
import { StoppedError } from "./evaluation.ts";
import type { CachedTurn } from "./turn.ts";

interface Reading {
  readonly turnId: string;
  done: Promise<void>;
  /** Another operation wants the cells. */
  wanted: boolean;
  /** Of the message itself, which waits for its attachments. */
  stop: StopFlag | undefined;
}

/**
 * Evaluates the attachments of a message that is still being typed. Nobody has asked for that, so nobody is turned away
 * for it: whatever comes meanwhile makes it stop, and attachments that were read to their end stay.
 */
export class AheadReading {
  private running: Reading | undefined;

  constructor(private readonly core: ConversationCore) {}

  read(turnId: string, parts: readonly PartText[]): Promise<void> {
    const reading: Reading = { turnId, done: Promise.resolve(), wanted: false, stop: undefined };
    return this.core.exclusively(
      async () => {
        this.running = reading;
        reading.done = this.commit(parts, reading);
        try {
          await reading.done;
        } finally {
          this.running = undefined;
        }
      },
      () => {
        reading.wanted = true;
      },
    );
  }

  /** The message is sent: what it needs is not thrown away half-read. Resolves when its attachments are there. */
  async letFinish(turnId: string, stop: StopFlag | undefined): Promise<void> {
    const reading = this.running;
    if (reading?.turnId !== turnId) return;
    reading.stop = stop;
    await reading.done.catch(() => undefined);
  }

  private async commit(parts: readonly PartText[], reading: Reading): Promise<void> {
    const { core } = this;
    const others = core.turns.filter((turn) => turn.phase !== "ahead");
    const turn: CachedTurn = { ...core.newTurn(reading.turnId, parts), phase: "ahead" };
    const stop: StopFlag = {
      get aborted() {
        return reading.wanted || reading.stop?.aborted === true;
      },
    };
    try {
      await core.commit(parts.length === 0 ? others : [...others, turn], stop, []);
    } catch (error) {
      if (!(error instanceof StoppedError)) throw error;
      const kept = core.turns.filter((other) => other.turnId !== reading.turnId);
      turn.parts = turn.parts.filter(({ id, tokens }) => core.cache.content(id)?.tokens.length === tokens.length);
      await core.rollBack(turn.parts.length === 0 ? kept : [...kept, turn]);
    }
  }
}
