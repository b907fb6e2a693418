import type { TurnView } from "../src/messages/chatMessages.ts";

export type FindPart = "user" | "thought" | "reply";

export interface FindMatch {
  readonly turnId: string;
  readonly part: FindPart;
  /** Which match of this part it is, from 0. */
  readonly ordinal: number;
}

export interface FindResult {
  readonly matches: readonly FindMatch[];
  /** There are more matches than are listed. */
  readonly more: boolean;
}

/** Most matches that are listed. */
const maximalMatches = 10_000;

const parts: readonly FindPart[] = ["user", "thought", "reply"];

/** Lower-case copies, made when a turn is searched first. A changed turn is another object and gets new ones. */
const folded = new WeakMap<TurnView, Readonly<Record<FindPart, string>>>();

/** All places of a text in the conversation, oldest first, whatever the case. */
export function findInTurns(turns: readonly TurnView[], query: string): FindResult {
  const wanted = query.toLowerCase();
  const matches: FindMatch[] = [];
  if (wanted === "") return { matches, more: false };
  for (const turn of turns) {
    const texts = foldedTexts(turn);
    for (const part of parts) {
      let ordinal = 0;
      let at = texts[part].indexOf(wanted);
      while (at >= 0) {
        if (matches.length === maximalMatches) return { matches, more: true };
        matches.push({ turnId: turn.id, part, ordinal });
        ordinal += 1;
        at = texts[part].indexOf(wanted, at + wanted.length);
      }
    }
  }
  return { matches, more: false };
}

function foldedTexts(turn: TurnView): Readonly<Record<FindPart, string>> {
  const known = folded.get(turn);
  if (known !== undefined) return known;
  const made = {
    user: turn.user.toLowerCase(),
    thought: turn.thought.toLowerCase(),
    reply: turn.reply.toLowerCase(),
  };
  folded.set(turn, made);
  return made;
}
