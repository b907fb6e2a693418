import type { RestoredFrom } from "../engine/engine.ts";
import type { UsageKeeping } from "./dayTotals.ts";
import type { ChatDelta } from "./viewChannel.ts";

/** What the controller needs of whatever keeps the conversation. */
export interface ConversationKeeping {
  /** Resolves when the stored conversation is in its place, or it is clear that there is none. Never rejects. */
  readonly opened: Promise<void>;
  /** Of the conversation that is open; undefined: none is. */
  readonly presentId: string | undefined;
  /** See `LoadOptions.snapshotPath`; undefined: no snapshot is kept. Another conversation has another one. */
  readonly snapshotPath: string | undefined;
  /** Keeps what the workspace's conversations use in a day. */
  readonly usage: UsageKeeping;
  /** Takes note of a change of the transcript. Returns at once. */
  record(delta: ChatDelta): void;
  /** Takes note of the tokens of a whole reply, before the change that ends it; none: they are not known. */
  recordTokens(id: string, tokens: readonly number[]): void;
  /** Takes note of turns that the model has forgotten, and of those that it was shown again. */
  recordMemory(erased: readonly string[], broughtBack: readonly string[]): void;
  /** The tokens of a turn's whole reply, if they are known. */
  replyTokens(id: string): readonly number[] | undefined;
  /** Where the model's memory came from. */
  modelLoaded(restoredFrom: RestoredFrom): void;
  /**
   * What is recorded from here on belongs to a new conversation; the present one stays in the list. In the same moment
   * `show` puts the new one in its place: nothing may be recorded in between. Never rejects.
   */
  startNew(show: () => void): Promise<void>;
}
