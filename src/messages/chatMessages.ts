/**
 * The two unions between the extension host and the chat view. The host owns the truth: the view sends intents and
 * draws states, there are no replies. The first intent is `ready`, answered with a `snapshot`; then come deltas with
 * a sequence number that grows by one. A view that misses one asks again with `ready`.
 */

export type TurnStatus = "pending" | "prefilling" | "streaming" | "done" | "stopped" | "failed";

/** Why a reply ended, when that needs saying. `interrupted`: the engine went away in the middle. */
export type ReplyNote = "" | "stopped" | "loop" | "maxTokens" | "interrupted";

export type AttachmentKind = "file" | "symbol" | "folder" | "problems" | "text";

export interface AttachmentView {
  /** Names the text: what was read anew has another id. */
  readonly id: string;
  readonly kind: AttachmentKind;
  readonly label: string;
  /** More about it, for a tooltip: the path, say. */
  readonly detail: string;
  readonly tokens: number;
  /** What the model reads. The host keeps it to itself: in the view it is empty. */
  readonly text: string;
  /** What a click opens; empty: the text itself. */
  readonly uri: string;
  /** Counted from 1, both included; 0 and 0: all of it. */
  readonly firstLine: number;
  readonly lastLine: number;
}

/** An attachment of the message that is being typed. */
export interface DraftAttachmentView extends AttachmentView {
  readonly state: "reading" | "ready" | "failed";
  /** Why it cannot be attached, in words; empty: it can. */
  readonly problem: string;
  /** Something else to know about it, in words; empty: nothing. */
  readonly hint: string;
  /** The tokens are estimated: no model is loaded yet. */
  readonly approximate: boolean;
  /** The file has changed since it was attached. */
  readonly changed: boolean;
  /** The model has read it already, before the message is sent. */
  readonly ahead: boolean;
}

/** A message that waits for the reply before it. */
export interface QueuedMessageView {
  readonly id: string;
  readonly text: string;
  readonly attachments: readonly AttachmentView[];
}

/** What sending the message now would cost and make the model forget. Tokens, unless named otherwise. */
export interface CostView {
  readonly tokens: number;
  /** Turns. */
  readonly forgets: number;
  /** Attachments of turns that stay. */
  readonly forgetsAttachments: number;
  /** What does not fit into the window and would be left out. */
  readonly omitted: number;
}

export interface ComposerView {
  /** What stands in the input, as far as the host knows. The view takes it for a new `key` only: it writes it itself. */
  readonly draft: { readonly key: string; readonly text: string };
  readonly attachments: readonly DraftAttachmentView[];
  readonly queue: readonly QueuedMessageView[];
  /** The queue waits for the user: the reply before it failed or was stopped. */
  readonly queueWaits: boolean;
  /** Null: nothing is typed, or it cannot be told now. */
  readonly cost: CostView | null;
  /** A file whose path was pasted, and which could be attached. */
  readonly offer: { readonly uri: string; readonly label: string } | null;
  readonly sendWith: "enter" | "ctrlEnter";
}

/** One row of the list under `/` and `@`. */
export interface CompletionItem {
  readonly id: string;
  /** A codicon. */
  readonly icon: string;
  readonly label: string;
  readonly detail: string;
  /** Places of the letters of `label` that fit, in UTF-16 code units. */
  readonly marks: readonly number[];
  /** What takes the place of the typed mark and letters. */
  readonly insert: string;
  /** What happens then: something is attached, the command runs at once, the list goes on, or the user writes on. */
  readonly then: "attach" | "run" | "list" | "write";
}

/** One turn of the transcript as the view draws it. Times are epoch milliseconds. */
export interface TurnView {
  readonly id: string;
  readonly user: string;
  readonly attachments: readonly AttachmentView[];
  readonly sentAt: number;
  readonly reply: string;
  readonly thought: string;
  readonly thoughtMs: number;
  readonly status: TurnStatus;
  /** 0…1 while `status` is `prefilling`. */
  readonly prefill: number;
  readonly pinned: boolean;
  /** Whether the model still has this turn in its window. */
  readonly remembered: boolean;
  readonly timeToFirstTokenMs: number;
  readonly tokensPerSecond: number;
  readonly replyTokens: number;
  /** Tokens of the message that did not fit and were left out. */
  readonly omittedTokens: number;
  readonly note: ReplyNote;
  /** Why there is no (whole) reply. */
  readonly error: ErrorView | null;
}

export interface ErrorView {
  readonly code: string;
  readonly message: string;
}

/** Why tokens were computed a second time. `saving`: to write the model's memory to disk as it is. */
export const reprocessReasons = ["regenerate", "continueReply", "editLast", "recompute", "saving"] as const;
export type ReprocessReason = (typeof reprocessReasons)[number];

/** Tokens in the window now; everything else is of today, for this workspace. */
export interface CountersView {
  readonly windowTokens: number;
  readonly windowSize: number;
  /** Times that the oldest turns were forgotten. */
  readonly shifts: number;
  readonly reprocessedTokens: number;
  /** Why; the counts add up to `reprocessedTokens`. */
  readonly reprocessed: Readonly<Partial<Record<ReprocessReason, number>>>;
  /** What the model has read and written. */
  readonly tokens: number;
  /** Part of `tokens` that an engine before this one had read already: the memory of a conversation that was opened again. */
  readonly restoredTokens: number;
}

export const noCounters: CountersView = {
  windowTokens: 0,
  windowSize: 0,
  shifts: 0,
  reprocessedTokens: 0,
  reprocessed: {},
  tokens: 0,
  restoredTokens: 0,
};

export interface SpanView {
  readonly kind: "head" | "pinned" | "turn" | "live" | "detour" | "ahead";
  readonly turnId?: string;
  readonly tokens: number;
}

export type ModelView =
  | { readonly state: "none" }
  /** Chosen, but not loaded yet: that happens when the user begins to write. */
  | { readonly state: "unloaded"; readonly name: string; readonly toy: boolean }
  | { readonly state: "loading"; readonly name: string; readonly toy: boolean; readonly fraction: number }
  | {
      readonly state: "ready";
      readonly name: string;
      readonly toy: boolean;
      readonly gpu: string;
      /** The GPU that was wanted, and why the model runs on the CPU instead. */
      readonly gpuFallback?: { readonly gpu: string; readonly reason: "out-of-memory" | "unavailable" };
      /** `recompute`: this model cannot shift; after forgetting it reads what is kept again. */
      readonly mode: "stream" | "recompute";
      readonly reasons: readonly string[];
      /** Settings that it was loaded with have changed since. */
      readonly outdated: boolean;
    }
  | { readonly state: "crashed"; readonly name: string; readonly error: ErrorView; readonly willRestart: boolean }
  | { readonly state: "failed"; readonly name: string; readonly error: ErrorView };

export interface ChatSnapshot {
  /** The newest turns. */
  readonly turns: readonly TurnView[];
  /** How many turns there are before these; they follow in `history` messages, so that a long day opens at once. */
  readonly earlier: number;
  readonly model: ModelView;
  readonly counters: CountersView;
  readonly spans: readonly SpanView[];
  /** Whether a reply is running. */
  readonly busy: boolean;
  readonly composer: ComposerView;
}

/** Host → view. `sequence` grows by one with each message; a snapshot restarts the count at its own value. */
export type ChatState =
  | {
      readonly type: "snapshot";
      readonly sequence: number;
      readonly snapshot: ChatSnapshot;
      readonly strings: Readonly<Record<string, string>>;
    }
  /** Turns that stand before all that were sent so far. */
  | { readonly type: "history"; readonly sequence: number; readonly turns: readonly TurnView[] }
  | { readonly type: "turnAdded"; readonly sequence: number; readonly turn: TurnView }
  | { readonly type: "turnChanged"; readonly sequence: number; readonly id: string; readonly change: Partial<TurnView> }
  | { readonly type: "turnsRemoved"; readonly sequence: number; readonly ids: readonly string[] }
  | {
      readonly type: "text";
      readonly sequence: number;
      readonly id: string;
      readonly channel: "reply" | "thought";
      /** Characters of the channel before this piece: a check beside the sequence number. */
      readonly offset: number;
      readonly text: string;
    }
  | {
      readonly type: "memory";
      readonly sequence: number;
      readonly counters: CountersView;
      readonly spans: readonly SpanView[];
      readonly remembered: readonly string[];
    }
  | { readonly type: "model"; readonly sequence: number; readonly model: ModelView }
  | { readonly type: "busy"; readonly sequence: number; readonly busy: boolean }
  | { readonly type: "composer"; readonly sequence: number; readonly composer: ComposerView }
  /** Answers the `complete` of this number. */
  | {
      readonly type: "completions";
      readonly sequence: number;
      readonly request: number;
      readonly items: readonly CompletionItem[];
    }
  /** Something that concerns no single turn, said once: a refused pin, for example. */
  | { readonly type: "notice"; readonly sequence: number; readonly notice: ErrorView }
  /** A command of the workbench that moves the focus within the view. */
  | { readonly type: "focus"; readonly sequence: number; readonly target: "composer" | "find" };

export type CodeAction = "copy" | "insert" | "apply" | "newFile";

/** View → host. Everything here comes from a browser and is validated before use (see chat/intents.ts). */
export type ChatIntent =
  | { readonly type: "ready" }
  /** The user has begun to write: the moment to load the model. */
  | { readonly type: "composing" }
  | { readonly type: "send"; readonly text: string }
  | { readonly type: "stop" }
  | { readonly type: "regenerate" }
  | { readonly type: "continueReply" }
  | { readonly type: "editLast"; readonly text: string }
  | { readonly type: "pin"; readonly id: string }
  | { readonly type: "unpin"; readonly id: string }
  | { readonly type: "bringBack"; readonly id: string }
  | { readonly type: "copyTurn"; readonly id: string; readonly part: "user" | "reply" }
  | {
      readonly type: "code";
      readonly action: CodeAction;
      readonly code: string;
      readonly language: string;
      /** The file that the block names in its header; empty if it names none. */
      readonly fileName: string;
    }
  | { readonly type: "openLink"; readonly href: string }
  | { readonly type: "useDemoModel" }
  | { readonly type: "chooseModel" }
  | { readonly type: "restartEngine" }
  /** Loads the model anew, with the settings as they are now; a reply that runs is waited for. */
  | { readonly type: "reloadModel" }
  | { readonly type: "newConversation" }
  /** The exact text in the model's window. */
  | { readonly type: "showMemory" }
  | { readonly type: "showLog" }
  | ComposerIntent;

/** What concerns the message that is being typed, and those that wait. */
export type ComposerIntent =
  /** `key` of the draft that the text belongs to. */
  | { readonly type: "draft"; readonly key: string; readonly text: string }
  | { readonly type: "complete"; readonly request: number; readonly trigger: "/" | "@"; readonly query: string }
  /** Attaches what a row of the list names. */
  | { readonly type: "attachItem"; readonly id: string }
  /** Files that were dropped. */
  | { readonly type: "attachUris"; readonly uris: readonly string[] }
  /** A text that was pasted, or a file from elsewhere that was dropped. */
  | { readonly type: "attachText"; readonly name: string; readonly text: string }
  /** A text that may be the path of a file was pasted. */
  | { readonly type: "pastedPath"; readonly text: string }
  | { readonly type: "answerOffer"; readonly accept: boolean }
  | { readonly type: "removeAttachment"; readonly id: string }
  /** Reads it again, as it is now. */
  | { readonly type: "refreshAttachment"; readonly id: string }
  /** Also of turns and of messages that wait. */
  | { readonly type: "openAttachment"; readonly id: string }
  | { readonly type: "editQueued"; readonly id: string; readonly text: string }
  | { readonly type: "removeQueued"; readonly id: string }
  /** Goes on with the queue after a reply that failed or was stopped. */
  | { readonly type: "sendQueued" };
