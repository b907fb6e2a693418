import { computed, signal } from "@preact/signals";
import type { ChatState } from "../src/messages/chatMessages.ts";
import { initialState, reduce, type ViewState } from "./state.ts";
import { send } from "./vscodeApi.ts";

/** The state that is drawn. Changed by the host's messages only, except that a notice can be put away. */
const state = signal<ViewState>(initialState);

export const live = computed(() => state.value.live);
export const turns = computed(() => state.value.turns);
export const earlier = computed(() => state.value.earlier);
export const model = computed(() => state.value.model);
export const counters = computed(() => state.value.counters);
export const spans = computed(() => state.value.spans);
export const busy = computed(() => state.value.busy);
export const composer = computed(() => state.value.composer);
export const completions = computed(() => state.value.completions);
export const strings = computed(() => state.value.strings);
export const notice = computed(() => state.value.notice);
export const focusRequest = computed(() => state.value.focus);

export function dismissNotice(): void {
  state.value = { ...state.value, notice: undefined };
}

/** Takes one message of the host, and asks for everything again if one before it was missed. */
export function receive(message: ChatState): void {
  const before = state.value;
  const next = reduce(before, message);
  state.value = next;
  if (next.stale && !before.stale) send({ type: "ready" });
}
