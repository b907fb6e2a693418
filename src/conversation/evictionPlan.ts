import type { Segment } from "./segment.ts";

/**
 * The numbers of invariant 4 (docs/architecture.md). Every shift rotates the kept keys once more in f16, so evictions
 * are few and large: with at least a quarter freed each time, no token is moved more than four times in its life.
 */
export interface EvictionLimits {
  /** Tokens kept free for detours and follow-ups. */
  readonly reserve: number;
  /** The cache is kept at or below this many tokens. */
  readonly highWater: number;
  /** Where an eviction stops, if it can: the distance to the high-water mark is room until the next one. */
  readonly lowWater: number;
}

/** Moves that a token may make in its life. */
export const maxShifts = 4;

/**
 * @param contextSize in tokens, as the context was created
 * @param shiftable false: each eviction evaluates all that is kept, so it goes down to half of the window
 */
export function evictionLimits(contextSize: number, shiftable = true): EvictionLimits {
  const reserve = Math.max(128, Math.floor(contextSize / 8));
  const highWater = contextSize - 1 - reserve;
  const block = shiftable ? Math.floor(contextSize / 8) : Math.floor(highWater / 2);
  return { reserve, highWater, lowWater: highWater - block };
}

/** A turn in the cache, oldest first, with its segments (glue included). */
export interface EvictableTurn {
  readonly turnId: string;
  readonly pinned: boolean;
  /** The turn being asked or answered: its glue stays, its oldest content goes last of all. */
  readonly live: boolean;
  readonly segments: readonly Segment[];
}

/** What to forget. */
export interface EvictionPlan {
  readonly turnIds: readonly string[];
  /** Attachments of turns that stay. */
  readonly attachmentIds: readonly string[];
  /** Content of the live turn that goes from the front: tokens by segment key. */
  readonly trims: ReadonlyMap<string, number>;
  readonly freed: number;
  /** Tokens that could have been forgotten. */
  readonly evictable: number;
}

/**
 * Plans one eviction so that `needed` more tokens fit, or undefined if they fit already. Order of forgetting:
 * attachments of old turns, the oldest turns, then the oldest content of the live turn.
 *
 * @param used tokens in the cache
 */
export function planEviction(
  turns: readonly EvictableTurn[],
  used: number,
  needed: number,
  limits: EvictionLimits,
): EvictionPlan | undefined {
  if (used + needed <= limits.highWater) return undefined;
  const old = turns.filter((turn) => !turn.pinned && !turn.live);
  const live = turns.filter((turn) => turn.live).flatMap((turn) => contentOf(turn));
  const evictable = sizeOf(old.flatMap((turn) => turn.segments)) + sizeOf(live);
  const target = Math.max(used + needed - limits.lowWater, Math.ceil(evictable / 4));

  const attachmentIds: string[] = [];
  const turnIds: string[] = [];
  let freed = 0;
  for (const segment of old.flatMap((turn) => turn.segments)) {
    if (freed >= target) break;
    if (segment.kind !== "attachment" || segment.tokens.length === 0) continue;
    attachmentIds.push(segment.key);
    freed += segment.tokens.length;
  }
  const forgotten = new Set(attachmentIds);
  for (const turn of old) {
    const rest = turn.segments.filter((segment) => !forgotten.has(segment.key) || segment.isGlue);
    const worn = freed > 0 && turn.segments.some((segment) => segment.shifts >= maxShifts);
    if (freed >= target && !worn) continue;
    turnIds.push(turn.turnId);
    freed += sizeOf(rest);
  }
  const trims = trimContent(live, target - freed, freed > 0);
  for (const count of trims.values()) freed += count;
  const gone = new Set(turnIds);
  const stay = new Set(old.filter((turn) => !gone.has(turn.turnId)).flatMap((turn) => turn.segments));
  return {
    turnIds,
    attachmentIds: attachmentIds.filter((id) => [...stay].some((segment) => segment.key === id)),
    trims,
    freed,
    evictable,
  };
}

function trimContent(content: readonly Segment[], missing: number, moved: boolean): Map<string, number> {
  const trims = new Map<string, number>();
  let left = missing;
  for (const segment of content) {
    const count = Math.max(
      Math.min(Math.max(left, 0), segment.tokens.length),
      moved ? segment.wornTokens(maxShifts) : 0,
    );
    if (count === 0) continue;
    trims.set(segment.key, count);
    left -= count;
    moved = true;
  }
  return trims;
}

/** Contents of a turn in the order of forgetting: attachments first. */
function contentOf(turn: EvictableTurn): Segment[] {
  const content = turn.segments.filter((segment) => !segment.isGlue);
  return [
    ...content.filter((segment) => segment.kind === "attachment"),
    ...content.filter((segment) => segment.kind !== "attachment"),
  ];
}

function sizeOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, segment) => sum + segment.tokens.length, 0);
}
