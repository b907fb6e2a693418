import { planEviction, type EvictionLimits } from "../conversation/evictionPlan.ts";
import { Segment } from "../conversation/segment.ts";
import { singlePass, type CachePolicy } from "./policy.ts";

/** A stretch of a text that is forgotten as one: tokens `start` to `end` (exclusive). */
export interface TextTurn {
  readonly start: number;
  readonly end: number;
}

/**
 * As the product streams: whole turns are forgotten, by the product's own plan, and the head stays.
 *
 * @param head tokens at the beginning of the text that are never moved
 * @param turns in order, without gaps, the first one behind the head
 */
export function turnAligned(head: number, turns: readonly TextTurn[], limits: EvictionLimits): CachePolicy {
  let cached: Segment[] = [];
  let next = 0;
  return singlePass({
    name: "turn-aligned",
    window: limits.highWater,
    onEvaluated(start, end) {
      if (start === 0) [cached, next] = [[], 0];
      for (let turn = turns[next]; turn !== undefined && turn.start < end; turn = turns[next]) {
        const segment = cached.at(-1)?.turnId === String(next) ? cached.at(-1) : undefined;
        const into = segment ?? new Segment("text", String(next), String(next));
        if (segment === undefined) cached.push(into);
        const from = Math.max(turn.start, start);
        into.append(Array<number>(Math.min(turn.end, end) - from).fill(0));
        if (turn.end > end) break;
        next++;
      }
    },
    async makeRoom(cells) {
      const live = cached.at(-1)?.turnId;
      const evictable = cached.map((segment) => ({
        turnId: segment.key,
        pinned: false,
        live: segment.turnId === live,
        segments: [segment],
      }));
      const plan = planEviction(evictable, cells.length, 1, limits);
      if (plan === undefined) return;
      const ranges: { start: number; end: number }[] = [];
      const gone = new Set(plan.turnIds);
      let at = head;
      let moved = false;
      const kept: Segment[] = [];
      for (const segment of cached) {
        const length = segment.tokens.length;
        const erased = gone.has(segment.key) ? length : (plan.trims.get(segment.key) ?? 0);
        if (erased > 0) ranges.push({ start: at, end: at + erased });
        at += length;
        if (erased > 0) segment.dropFront(erased);
        moved ||= erased > 0;
        if (erased === length) continue;
        if (moved) segment.countShift();
        kept.push(segment);
      }
      cached = kept;
      await cells.erase(ranges);
    },
  });
}

/** Turns of `size` tokens each behind the head, for texts that have none of their own. */
export function evenTurns(head: number, length: number, size: number): TextTurn[] {
  return Array.from({ length: Math.ceil((length - head) / size) }, (_, index) => ({
    start: head + index * size,
    end: Math.min(length, head + (index + 1) * size),
  }));
}
