/** Memory of one kind. Bytes. */
export interface MemoryNeed {
  /** Free now, with the weights loaded. */
  readonly free: number;
  readonly total: number;
  /** What a window takes whatever its size. */
  readonly base: number;
  readonly perToken: number;
}

export interface WindowFacts {
  /** Tokens the model was trained at; 0: the file does not say. */
  readonly trained: number;
  /** Tokens up to which a sliding-window model streams. */
  readonly maxStreamWindow: number | undefined;
  /** Whether all layers are on the GPU. */
  readonly onGpu: boolean;
  readonly memory: readonly MemoryNeed[];
}

/** Tokens. The library pads to a multiple of this. */
const step = 256;
/** Chosen even where memory is scarce: with less there is hardly a conversation. The load may then fail, in words. */
const leastWindow = 2_048;
/** Beyond it a full window slows each token down more than it is worth (docs/measurements-speed.md). */
const mostWindow = { cpu: 8_192, gpu: 32_768 };
/** Of what is free and of all there is: the rest is for the editor, builds and browsers. */
const comfortable = { free: 1 / 2, total: 1 / 4 };

/**
 * The window when none is asked for: the largest that fits comfortably. No more than the model was trained at, no more
 * than half of the free memory and a quarter of all of it, and no more than stays fast.
 */
export function chooseWindow({ trained, maxStreamWindow, onGpu, memory }: WindowFacts): number {
  const most = onGpu ? mostWindow.gpu : mostWindow.cpu;
  const allowed = Math.min(most, trained > 0 ? trained : leastWindow, maxStreamWindow ?? Number.POSITIVE_INFINITY);
  const fitting = memory.map(({ free, total, base, perToken }) =>
    perToken <= 0 ? most : (Math.min(free * comfortable.free, total * comfortable.total) - base) / perToken,
  );
  const chosen = Math.min(allowed, Math.max(leastWindow, Math.min(...fitting)));
  return chosen < step ? chosen : Math.floor(chosen / step) * step;
}
