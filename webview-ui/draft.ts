import { effect, signal, type ReadonlySignal } from "@preact/signals";
import { composer, live } from "./store.ts";
import { savedView, saveView, send } from "./vscodeApi.ts";

/** Milliseconds in which typing is gathered before the host hears of it. */
const tellMs = 150;

const draftSignal = signal("");
let key = "";
let timer: ReturnType<typeof setTimeout> | undefined;
/** Whether the host knows that somebody writes: it loads the model then. */
let announced = false;

/** What stands in the composer's input. */
export const draft: ReadonlySignal<string> = draftSignal;

export function changeDraft(text: string): void {
  draftSignal.value = text;
  saveView({ draft: text === "" ? undefined : text, draftKey: key });
  if (text !== "" && !announced) send({ type: "composing" });
  announced = text !== "";
  clearTimeout(timer);
  timer = setTimeout(tellDraft, tellMs);
}

/** The message is sent: the host empties its own copy. */
export function clearDraft(): void {
  changeDraft("");
  clearTimeout(timer);
  timer = undefined;
}

function tellDraft(): void {
  clearTimeout(timer);
  timer = undefined;
  send({ type: "draft", key, text: draftSignal.peek() });
}

/** Takes what the host has for another conversation; what this view wrote itself is newer than what the host knows. */
effect(() => {
  const next = composer.value.draft;
  if (!live.value || next.key === key) return;
  const saved = savedView();
  const isOwn = saved.draftKey === next.key;
  key = next.key;
  draftSignal.value = isOwn ? (saved.draft ?? "") : next.text;
  saveView({ draft: draftSignal.value === "" ? undefined : draftSignal.value, draftKey: key });
  if (isOwn && saved.draft !== undefined && saved.draft !== next.text) tellDraft();
});

// The view may go at any moment after it is hidden.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden" && timer !== undefined) tellDraft();
});
