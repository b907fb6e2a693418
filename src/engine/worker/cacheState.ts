import type { StreamingConversation } from "../../conversation/streamingConversation.ts";
import type { CacheSpan, CacheState } from "../engine.ts";

/** What the cache holds, in cache order, with the counters. Spans add up to the tokens in the window. */
export function cacheStateOf(conversation: StreamingConversation, windowSize: number): CacheState {
  const { cache, rememberedTurns, newestTurn, isRunning } = conversation;
  const turns = new Map(rememberedTurns.map((turn) => [turn.turnId, turn]));
  const spans: { kind: CacheSpan["kind"]; turnId?: string; tokens: number }[] = [];
  for (const segment of cache.segments) {
    if (segment.tokens.length === 0) continue;
    const turn = segment.turnId === undefined ? undefined : turns.get(segment.turnId);
    const last = spans.at(-1);
    // Glue that was kept from a forgotten turn stands before the next one: it belongs to what is in front of it.
    const turnId = turn?.turnId ?? last?.turnId;
    if (last !== undefined && last.turnId === turnId) {
      last.tokens += segment.tokens.length;
      continue;
    }
    const live = isRunning && turn === newestTurn;
    const kind =
      turn === undefined ? "head" : turn.phase === "ahead" ? "ahead" : turn.pinned ? "pinned" : live ? "live" : "turn";
    spans.push({ kind, ...(turnId === undefined ? {} : { turnId }), tokens: segment.tokens.length });
  }
  const last = spans.at(-1);
  if (last !== undefined) last.tokens += cache.floating;
  return {
    counters: {
      windowTokens: cache.length,
      windowSize,
      shifts: cache.shifts,
      reprocessedTokens: cache.reprocessed,
      appendedTokens: cache.appended,
      decodedTokens: cache.sequence.decodedTokens,
      detourTokens: conversation.detourTokens,
    },
    spans,
    rememberedTurnIds: rememberedTurns.filter((turn) => turn.phase !== "ahead").map((turn) => turn.turnId),
    pinnedTurnIds: rememberedTurns.filter((turn) => turn.pinned).map((turn) => turn.turnId),
  };
}
