import { DaylongError } from "../base/errors.ts";

/** Tokens that pinned turns may hold together. */
export function mostPinned(contextSize: number, headTokens: number): number {
  return Math.floor((contextSize - headTokens) / 2);
}

/**
 * Pins hold at most half of what the head leaves of the window, so that there is always room to talk.
 *
 * @param size tokens of the turn that is to be pinned
 * @param held tokens of the turns that are pinned already
 * @throws DaylongError `pins-full`
 */
export function assertPinFits(size: number, held: number, contextSize: number, headTokens: number): void {
  const most = mostPinned(contextSize, headTokens);
  if (held + size <= most) return;
  throw new DaylongError(
    "pins-full",
    `This turn takes ${size} tokens, but pinned turns may hold at most half of the window: ` +
      `${most} tokens, of which ${held} are taken. Unpin another turn first, or choose a larger window.`,
  );
}
