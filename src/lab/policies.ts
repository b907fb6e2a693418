import { singlePass, type CachePolicy, type Forgetting } from "./policy.ts";

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
  return streaming(0, window, chunk);
}

/** StreamingLLM ({@link streamingForgetting}). With `sinks` 0 it is a sliding window. */
export function streaming(sinks: number, window: number, chunk = 1): CachePolicy {
  return singlePass(streamingForgetting(sinks, window, chunk));
}

/**
 * Xiao et al., section 3.2: the first `sinks` tokens stay, the oldest `chunk` tokens behind them go, the rest is moved
 * down.
 *
 * @param window all cells, sinks included
 */
export function streamingForgetting(sinks: number, window: number, chunk: number): Forgetting {
  return {
    name: `${sinks === 0 ? "window" : "streaming"} ${sinks}+${window - sinks}${atATime(chunk)}`,
    window,
    makeRoom: (cells) =>
      // The library's own erase from 0 would evaluate the rest again.
      sinks === 0 ? cells.eraseFront(chunk) : cells.erase([{ start: sinks, end: sinks + chunk }]),
  };
}

function atATime(chunk: number): string {
  return chunk === 1 ? "" : `, ${chunk} at a time`;
}

/**
 * Sliding window with re-computation, the oracle (Xiao et al., figure 1c): what the window holds is evaluated anew for
 * each token that is scored.
 *
 * @param head tokens at the beginning of the text that are kept in front of every window. 0: none, as in the paper; the
 *   token that opens every text of a model is then seen in the first window only
 */
export function recomputation(window: number, head = 0): CachePolicy {
  return {
    name: `re-computation ${head}+${window - head}`,
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

/**
 * Streaming that forgets up to a boundary: what is kept behind the sinks begins at one of `starts`, the one next to
 * where `chunk` tokens would be freed.
 *
 * @param starts ascending indexes into the text at which something begins
 */
export function boundaryStreaming(
  name: string,
  sinks: number,
  window: number,
  chunk: number,
  starts: readonly number[],
): CachePolicy {
  let from = sinks;
  let read = 0;
  return singlePass({
    name,
    window,
    onEvaluated(start, end) {
      if (start === 0) from = sinks;
      read = end;
    },
    async makeRoom(cells) {
      const wanted = from + chunk;
      const possible = starts.filter((start) => start > from && start <= read);
      // Nothing begins in the window: it is cut where it is.
      const next = possible.reduce(
        (best, start) => (Math.abs(start - wanted) < Math.abs(best - wanted) ? start : best),
        possible[0] ?? wanted,
      );
      await cells.erase([{ start: sinks, end: sinks + next - from }]);
      from = next;
    },
  });
}
