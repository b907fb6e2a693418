import { computed, signal } from "@preact/signals";
import { findInTurns, type FindMatch, type FindResult } from "./conversationFind.ts";
import { turns } from "./store.ts";

export const findOpen = signal(false);
export const findQuery = signal("");
/** Which match is the current one; counted from the newest, where a search begins. */
const back = signal(0);

const nothing: FindResult = { matches: [], more: false };
export const findResult = computed(() => (findOpen.value ? findInTurns(turns.value, findQuery.value) : nothing));
export const currentIndex = computed(() => {
  const { length } = findResult.value.matches;
  return length === 0 ? -1 : (((length - 1 - back.value) % length) + length) % length;
});

let latest: FindMatch | undefined;
/** The same object as long as it is the same place, so that a reply that goes on does not move the reader. */
export const currentMatch = computed<FindMatch | undefined>(() => {
  const match = findResult.value.matches[currentIndex.value];
  const same = match?.turnId === latest?.turnId && match?.part === latest?.part && match?.ordinal === latest?.ordinal;
  if (!same) latest = match;
  return latest;
});

export function search(query: string): void {
  findQuery.value = query;
  back.value = 0;
}

/** `step`: 1 for the next match (further down), -1 for the one before. */
export function moveMatch(step: 1 | -1): void {
  back.value -= step;
}

export function closeFind(): void {
  findOpen.value = false;
}
