import type { ReplyChannel } from "./replyParser.ts";
import type { SamplingSettings, Token } from "./tokenSequence.ts";

/** Why a reply ended: by itself, at its longest, stopped by the user, in a loop, or at a stop string. */
export type StopReason = "end" | "maxTokens" | "stopped" | "loop" | "stopString";

export interface ReplySettings {
  readonly sampling: Omit<SamplingSettings, "grammar">;
  /** Texts that end the reply where they appear in it; they are no part of it. Not looked for in thoughts. */
  readonly stopStrings?: readonly string[];
  /** GBNF that the reply, not the thought before it, has to follow. */
  readonly grammar?: string;
  /** Upper bound on the tokens of one reply; undefined: none. */
  readonly maxTokens?: number;
  /** Tokens of thought allowed before the thought is closed; undefined: no limit. */
  readonly thoughtBudget?: number;
  /** Ends the reply after this many tokens as the stop button would. */
  readonly stopAfter?: number;
  /** See `ReplyOptions.newestTurnId`. */
  readonly newestTurnId?: string;
}

/** A piece of a user message. Attachments are forgotten before turns are. */
export interface PartText {
  readonly id: string;
  readonly kind: "text" | "attachment";
  readonly text: string;
}

/** A finished turn from the transcript, used to bring the model's memory back after a restart. */
export interface PastTurn {
  readonly turnId: string;
  readonly parts: readonly PartText[];
  readonly reply: string;
  /** The tokens of the whole reply, as the model gave them. Not used where they do not spell `reply`. */
  readonly replyTokenIds?: readonly number[];
  readonly pinned: boolean;
}

/**
 * The newest reply as the model wrote it. A window that goes away in the middle of a reply has not been told the end of
 * it: then this is longer than what the transcript says.
 */
export interface WrittenReply {
  readonly turnId: string;
  readonly text: string;
  /** Of the whole reply; empty where its beginning was forgotten while it ran. */
  readonly tokenIds: readonly Token[];
  readonly stopReason: StopReason;
}

/** Asks a running operation to stop; looked at between tokens and between prefill chunks. */
export interface StopFlag {
  readonly aborted: boolean;
}

export interface ConversationListener {
  onPrefill(id: string, done: number, total: number): void;
  onText(id: string, channel: ReplyChannel, text: string): void;
  /** The cache has changed in a way that is worth showing: an eviction, a finished operation. */
  onCache(): void;
}

/** Times in milliseconds of the given clock, counts in tokens. */
export interface ReplyOutcome {
  readonly turnId: string;
  /** The reply; of a reply that is gone on with what was added to it. */
  readonly text: string;
  readonly thought: string;
  readonly stopReason: StopReason;
  /** New tokens handed to the decoder for the message: glue and content. */
  readonly promptTokens: number;
  readonly replyTokens: number;
  /** Of the whole reply, thoughts left out; empty where its beginning was forgotten while it ran. */
  readonly replyTokenIds: readonly Token[];
  readonly evictedTurnIds: readonly string[];
  /** Shifts of the kept cells in this turn. */
  readonly shifts: number;
  readonly reprocessedTokens: number;
  /** Content tokens of this message that did not fit beside the head and were left out (its oldest part). */
  readonly omittedTokens: number;
  readonly timeToFirstTokenMs: number;
  readonly generationMs: number;
  readonly thoughtMs: number;
}

export interface DetourOutcome {
  readonly text: string;
  readonly thought: string;
  readonly stopReason: StopReason;
  readonly promptTokens: number;
  readonly replyTokens: number;
  /** True if the prompt or the answer was cut because the reserve was too small for all of it. */
  readonly cut: boolean;
  readonly timeToFirstTokenMs: number;
}

/** What sending a message would do to the window, in tokens. Nothing has been done yet. */
export interface MessagePlan {
  /** Contents of the message: text and attachments. */
  readonly messageTokens: number;
  /** What would be evaluated: contents that are not in the cache yet, and the template's glue. */
  readonly promptTokens: number;
  /** Turns that the model would forget for it, oldest first. */
  readonly forgottenTurnIds: readonly string[];
  /** Attachments of remembered turns that it would forget. */
  readonly forgottenAttachmentIds: readonly string[];
  /** Contents that would not fit beside the head and be left out. */
  readonly omittedTokens: number;
}
