import type { StreamingConversation } from "../../conversation/streamingConversation.ts";
import type { Token, Tokenizer } from "../../conversation/tokenSequence.ts";
import type { CacheSpan, CacheState, WindowPiece, WindowSpan } from "../engine.ts";

/** Cells of one kind next to each other. */
interface Stretch {
  readonly kind: WindowPiece["kind"];
  readonly tokens: number;
}

interface StretchedSpan extends Omit<CacheSpan, "tokens"> {
  readonly stretches: Stretch[];
}

/** What the cache holds, in cache order, with the counters. Spans add up to the tokens in the window. */
export function cacheStateOf(conversation: StreamingConversation, windowSize: number, since: number): CacheState {
  const { cache, rememberedTurns, runningDetour } = conversation;
  return {
    counters: {
      since,
      windowTokens: cache.length,
      windowSize,
      shifts: cache.shifts,
      // What a detour evaluates is entered in the books when it is over.
      reprocessedTokens: runningDetour?.reprocessed ?? cache.reprocessed,
      appendedTokens: cache.appended,
      decodedTokens: cache.sequence.decodedTokens,
      detourTokens: conversation.detourTokens,
    },
    spans: spansOf(conversation).map(({ stretches, ...span }) => ({
      ...span,
      tokens: stretches.reduce((sum, stretch) => sum + stretch.tokens, 0),
    })),
    rememberedTurnIds: rememberedTurns.filter((turn) => turn.phase !== "ahead").map((turn) => turn.turnId),
    pinnedTurnIds: rememberedTurns.filter((turn) => turn.pinned).map((turn) => turn.turnId),
  };
}

/** The text of every cell, by the spans of {@link cacheStateOf}. `tokens`: what the library has in its cells. */
export function windowTextOf(
  conversation: StreamingConversation,
  tokens: readonly Token[],
  tokenizer: Tokenizer,
): WindowSpan[] {
  let position = 0;
  return spansOf(conversation).map(({ stretches, ...span }) => {
    const start = position;
    const pieces = stretches.map(({ kind, tokens: count }) => {
      const own = tokens.slice(position, position + count);
      const text = tokenizer.decode(own, tokens.slice(0, position), true);
      position += count;
      return { kind, tokens: count, text };
    });
    return { ...span, tokens: position - start, pieces };
  });
}

function spansOf(conversation: StreamingConversation): StretchedSpan[] {
  const { cache, rememberedTurns, newestTurn, isRunning, runningDetour } = conversation;
  const turns = new Map(rememberedTurns.map((turn) => [turn.turnId, turn]));
  const spans: StretchedSpan[] = [];
  for (const segment of cache.segments) {
    const count = segment.tokens.length;
    if (count === 0) continue;
    const stretch = { kind: segment.kind === "open" ? ("glue" as const) : segment.kind, tokens: count };
    const turn = segment.turnId === undefined ? undefined : turns.get(segment.turnId);
    const last = spans.at(-1);
    // Glue that was kept from a forgotten turn stands before the next one: it belongs to what is in front of it.
    const turnId = turn?.turnId ?? last?.turnId;
    if (last !== undefined && last.turnId === turnId) {
      last.stretches.push(stretch);
      continue;
    }
    const live = isRunning && turn === newestTurn;
    const kind =
      turn === undefined ? "head" : turn.phase === "ahead" ? "ahead" : turn.pinned ? "pinned" : live ? "live" : "turn";
    spans.push({ kind, ...(turnId === undefined ? {} : { turnId }), stretches: [stretch] });
  }
  // A side question stands behind everything, and behind what a reply has sampled so far.
  const detour = runningDetour === undefined ? 0 : Math.max(0, cache.length - runningDetour.start);
  const floating = cache.floating - detour;
  if (floating > 0) spans.at(-1)?.stretches.push({ kind: "reply", tokens: floating });
  if (detour > 0) spans.push({ kind: "detour", stretches: [{ kind: "detour", tokens: detour }] });
  return spans;
}
