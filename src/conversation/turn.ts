import type { LayoutTurn } from "./layout.ts";
import type { Token } from "./tokenSequence.ts";

/** A piece of a user message with its tokens, which never hold a special token. */
export interface TurnPart {
  readonly id: string;
  readonly kind: "text" | "attachment";
  readonly tokens: readonly Token[];
}

/**
 * `ahead`: attachments of a message that is still being typed; `asked`: sent, its reply is to come; `answered`: has a
 * reply, which may be empty or unfinished.
 */
export type TurnPhase = "ahead" | "asked" | "answered";

/** A turn that the model has in its window. */
export interface CachedTurn {
  readonly turnId: string;
  parts: TurnPart[];
  readonly replyId: string;
  phase: TurnPhase;
  pinned: boolean;
}

export function layoutOf(turn: CachedTurn): LayoutTurn {
  return {
    turnId: turn.turnId,
    partIds: turn.parts.map((part) => part.id),
    replyId: turn.phase === "answered" ? turn.replyId : undefined,
  };
}
