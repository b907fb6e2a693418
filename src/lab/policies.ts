import { planEviction, type EvictionLimits } from "../conversation/evictionPlan.ts";
import { Segment } from "../conversation/segment.ts";
import { singlePass, type CachePolicy } from "./policy.ts";

/** Nothing is forgotten: the text must fit. */
export function dense(capacity: number): CachePolicy {
  return singlePass({
    name: "dense",
    window: capacity,
    makeRoom: () => {
      throw new Error("a dense cache forgets nothing: the text is longer than its cells");
    },
  });
}

/** A sliding window without sinks: the oldest `chunk` tokens go, the very first ones too. */
export function slidingWindow(window: number, chunk = 1): CachePolicy {
  return singlePass({ name: `window 0+${window}`, window, makeRoom: (cells) => cells.eraseFront(chunk) });
}

/**
 * StreamingLLM (Xiao et al., section 3.2): the first `sinks` tokens stay, the oldest `chunk` tokens behind them go, the
 * rest is moved down. With `sinks` 0 it is a sliding window.
 *
 * @param window all cells, sinks included
 */
export function streaming(sinks: number, window: number, chunk = 1): CachePolicy {
  if (sinks === 0) return slidingWindow(window, chunk);
  return singlePass({
    name: `streaming ${sinks}+${window - sinks}`,
    window,
    makeRoom: (cells) => cells.erase([{ start: sinks, end: sinks + chunk }]),
  });
}

/**
 * Sliding window with re-computation, the oracle: what the window holds is evaluated anew for each token that is scored.
 *
 * @param head tokens at the beginning of the text that are kept in front of every window (0: none, as in the paper)
 */
export function recomputation(window: number, head = 0): CachePolicy {
  return {
    name: "re-computation",
    async read(cells, { tokens, scored }, onProgress) {
      const losses = new Float64Array(scored.length);
      for (const [index, position] of scored.entries()) {
        const start = Math.max(head, position - (window - head));
        const kept = [...tokens.slice(0, Math.min(head, position)), ...tokens.slice(start, position)];
        await cells.clear();
        const targets = kept.map((_, at) => (at === kept.length - 1 ? tokens[position] : undefined));
        losses[index] = (await cells.score(kept, targets)).at(-1) ?? Number.NaN;
        await onProgress?.(position);
      }
      return losses;
    },
  };
}

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
