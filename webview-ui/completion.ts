import { computed, effect, signal } from "@preact/signals";
import type { CompletionItem } from "../src/messages/chatMessages.ts";
import { completions } from "./store.ts";
import { typedMark, type TypedMark } from "./typedMark.ts";
import { send } from "./vscodeApi.ts";

interface Open extends TypedMark {
  readonly request: number;
}

const open = signal<Open | undefined>(undefined);
/** Place of the mark that the user has put the list away for. */
let dismissed: number | undefined;
let requests = 0;

/** The list under `/` or `@`; undefined while there is none. It stays as it was until the answer to the newest letter. */
export const completionItems = signal<readonly CompletionItem[] | undefined>(undefined);
export const selectedCompletion = signal(0);
export const isCompleting = computed(() => completionItems.value !== undefined);

/** The text or the cursor is not what it was. */
export function followTyping(text: string, cursor: number): void {
  const mark = typedMark(text, cursor);
  if (mark === undefined || mark.start === dismissed) {
    if (mark === undefined) dismissed = undefined;
    close();
    return;
  }
  const before = open.peek();
  if (before?.start === mark.start && before.query === mark.query && before.trigger === mark.trigger) return;
  requests += 1;
  open.value = { ...mark, request: requests };
  send({ type: "complete", request: requests, trigger: mark.trigger, query: mark.query });
}

export function closeCompletion(): void {
  dismissed = open.peek()?.start;
  close();
}

/** Where the chosen row goes: the mark and what was typed behind it. */
export function completionRange(): { readonly start: number; readonly end: number } | undefined {
  const mark = open.peek();
  return mark === undefined ? undefined : { start: mark.start, end: mark.start + 1 + mark.query.length };
}

/** The chosen row; undefined while the list is still that of fewer letters. */
export function chosenCompletion(): CompletionItem | undefined {
  if (open.peek()?.request !== completions.peek().request) return undefined;
  return completionItems.peek()?.[selectedCompletion.peek()];
}

export function moveCompletion(step: number): void {
  const count = completionItems.peek()?.length ?? 0;
  if (count > 0) selectedCompletion.value = (selectedCompletion.peek() + step + count) % count;
}

function close(): void {
  open.value = undefined;
  completionItems.value = undefined;
}

effect(() => {
  const { request, items } = completions.value;
  const mark = open.value;
  if (mark?.request !== request) return;
  // A finished command, or words that only look like a mark, need no list that says so.
  const isWord = items.length === 0 && mark.query !== "";
  const isDone = items.length === 1 && items[0]?.label === mark.trigger + mark.query && items[0].then !== "run";
  completionItems.value = isWord || isDone ? undefined : items;
  selectedCompletion.value = 0;
});
