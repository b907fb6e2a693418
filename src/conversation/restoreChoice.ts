/** Glue around a turn, in tokens: an estimate on the safe side. */
const glueTokens = 24;

/**
 * Which turns come back after a restart: the newest that fit, pinned ones first. What comes back is an unbroken run of
 * the newest turns (and pins): a hole would make the model believe in a conversation that never was.
 *
 * @param turns oldest first, sizes in tokens
 * @param room tokens
 */
export function chooseRestored<T extends { readonly pinned: boolean; readonly size: number }>(
  turns: readonly T[],
  room: number,
): T[] {
  const chosen = new Set<T>();
  let left = room;
  for (const pinned of [true, false]) {
    for (const turn of turns.filter((candidate) => candidate.pinned === pinned).reverse()) {
      if (turn.size + glueTokens > left) break;
      left -= turn.size + glueTokens;
      chosen.add(turn);
    }
  }
  return turns.filter((turn) => chosen.has(turn));
}
