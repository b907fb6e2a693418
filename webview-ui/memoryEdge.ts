import type { TurnView } from "../src/messages/chatMessages.ts";

/**
 * Index of the turn at which the model's memory begins: all after it are remembered, the one before is not. Turns
 * without a reply count for neither side. -1: there is no such place, because nothing or everything is remembered.
 */
export function memoryEdge(turns: readonly TurnView[]): number {
  let edge = -1;
  for (let index = turns.length - 1; index >= 0; index -= 1) {
    const turn = turns[index];
    if (turn === undefined) break;
    if (turn.remembered) edge = index;
    else if (turn.status !== "failed" && turn.status !== "pending") return edge;
  }
  return -1;
}
