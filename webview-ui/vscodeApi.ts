import type { ChatIntent } from "../src/messages/chatMessages.ts";

/** What survives when the view is hidden or moved; everything else comes from the host. */
export interface SavedView {
  readonly draft?: string;
  /** Of the draft that the text belongs to. */
  readonly draftKey?: string;
  /** Where the reader was: the turn at the top, and pixels of it above the edge. Absent: at the end. */
  readonly reading?: { readonly id: string; readonly offset: number };
}

interface VsCodeApi {
  postMessage(message: ChatIntent): void;
  getState(): SavedView | undefined;
  setState(state: SavedView): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

const api = acquireVsCodeApi();

export function send(intent: ChatIntent): void {
  api.postMessage(intent);
}

export function savedView(): SavedView {
  return api.getState() ?? {};
}

export function saveView(change: { readonly [Key in keyof SavedView]: SavedView[Key] | undefined }): void {
  const merged = Object.entries({ ...savedView(), ...change }).filter(([, value]) => value !== undefined);
  api.setState(Object.fromEntries(merged));
}
