import type { Disposable, Event } from "../base/disposable.ts";
import type { ErrorData } from "../base/errors.ts";
import type {
  DetourOutcome,
  MessagePlan,
  PartText,
  PastTurn,
  ReplyOutcome,
  StopReason,
  WrittenReply,
} from "../conversation/conversationTypes.ts";

/** The conversation's own types, by the names that they have for users of the engine. */
export type DetourResult = DetourOutcome;
export type MessagePart = PartText;
export type RememberedTurn = PastTurn;
export type { MessagePlan, StopReason, WrittenReply };

/** How a model can be run: see docs/architecture.md, "Modes". */
export type EngineMode = "stream" | "recompute" | "refuse";

/** The gate's verdict on one GGUF file. */
export interface GateVerdict {
  readonly mode: EngineMode;
  /** Why the mode is not `stream`, in words made for the user; empty for `stream`. */
  readonly reasons: readonly string[];
  readonly name: string;
  readonly architecture: string;
  /** Tokens the model was trained at; 0 if the file does not say. */
  readonly trainedContext: number;
  readonly headDim: number;
  readonly layers: number;
  readonly fileBytes: number;
  /** Largest window (tokens) at which a sliding-window model still streams; undefined: no such limit. */
  readonly maxStreamWindow?: number;
  readonly hasChatTemplate: boolean;
  /** How replies are sampled unless the options say otherwise: as the file recommends, else as suits code. */
  readonly sampling: ReplySampling;
  /** What of `sampling` the file recommends (`general.sampling.*`). */
  readonly samplingFromModel: readonly (keyof ReplySampling)[];
}

/** What the self-test found: see engine/worker/selfTest.ts. Divergences in nats. */
export interface SelfTestFigures {
  readonly passed: boolean;
  readonly worstDivergence: number;
  readonly tolerance: number;
  readonly evaluatedAgain: number;
  readonly milliseconds: number;
}

/** Where the model's memory came from when it was loaded: a snapshot, or why there is none to use. */
export type RestoredFrom = "snapshot" | "none" | "other-model" | "damaged" | "in-use";

export interface LoadOptions {
  readonly modelPath: string;
  /** Tokens. The library rounds up to a multiple of 256. Undefined: chosen for the model. */
  readonly contextSize?: number;
  readonly systemPrompt: string;
  /** "auto" or false (CPU only). */
  readonly gpu: "auto" | false;
  /** Undefined: chosen for this machine. */
  readonly threads?: number;
  /** How values are kept in the cache: 8 bits take half of the memory, and need flash attention. Default: f16. */
  readonly valueCache?: "f16" | "q8_0";
  /** Folder for what is learned about models (self-tests). Undefined: learned again at each load. */
  readonly storagePath?: string;
  /** Path without extension for the snapshot of this conversation's cells. Undefined: none is read or written. */
  readonly snapshotPath?: string;
  readonly snapshotPolicy?: SnapshotPolicy;
}

/** When snapshots are written beside the last one, at disconnect, which always is. What is not given has a good value. */
export interface SnapshotPolicy {
  /** Milliseconds without an operation before an idle snapshot. */
  readonly idleMs?: number;
  /** Milliseconds between two idle snapshots. */
  readonly periodMs?: number;
  /** Bytes of cells written on one day at most. */
  readonly dailyBytes?: number;
}

export interface LoadedModel {
  readonly verdict: GateVerdict;
  /** How the model runs in this window: a sliding-window model streams while the window is small enough. */
  readonly mode: Exclude<EngineMode, "refuse">;
  /** Why the mode is not `stream`, in words made for the user. */
  readonly reasons: readonly string[];
  readonly selfTest?: SelfTestFigures;
  readonly restoredFrom: RestoredFrom;
  /** The context size, in tokens; one of them cannot be used. */
  readonly windowSize: number;
  /** The head: BOS and system prompt, never moved. Tokens. */
  readonly headTokens: number;
  /** Free tokens kept for detours and follow-ups. */
  readonly reserve: number;
  readonly hardware: Hardware;
}

/** What a model runs on. */
export interface Hardware {
  /** "CPU", "Metal", "CUDA" or "Vulkan". */
  readonly gpu: string;
  /** Layers on the GPU, of all; the rest is on the CPU. */
  readonly gpuLayers: number;
  readonly totalLayers: number;
  /** Why the model is on the CPU although a GPU was wanted and is there. */
  readonly gpuFallback?: GpuFallback;
  readonly threads: number;
  readonly valueCache: "f16" | "q8_0";
  /** `auto`: llama.cpp uses it where the model and the hardware can. */
  readonly flashAttention: boolean | "auto";
}

export interface GpuFallback {
  readonly gpu: string;
  /** `unavailable`: Daylong's part for it is missing, or it failed. */
  readonly reason: "out-of-memory" | "unavailable";
}

/** How the next token is drawn. */
export interface ReplySampling {
  /** 0: always the likeliest token. */
  readonly temperature: number;
  /** Only so many of the likeliest tokens count; 0: all. */
  readonly topK: number;
  /** Only the likeliest tokens count that have this much of the probability together; 1: all. */
  readonly topP: number;
  /** Only tokens count that are at least this part as likely as the likeliest; 0: all. */
  readonly minP: number;
  /** Divides the likelihood of the newest tokens; 1: off. */
  readonly repeatPenalty: number;
}

/** What is left out is as the model recommends, else as suits code (see `GateVerdict.sampling`). */
export interface Sampling extends Partial<ReplySampling> {
  /** Makes sampling repeatable. */
  readonly seed?: number;
  /** Upper bound on the tokens of one reply. */
  readonly maxTokens?: number;
}

export interface UserMessage {
  /** Unique within the conversation; names the turn (the message and its reply). */
  readonly turnId: string;
  readonly parts: readonly MessagePart[];
}

export interface ReplyOptions {
  readonly sampling: Sampling;
  /** Texts that end the reply where they appear in it; they are no part of it. Not looked for in thoughts. */
  readonly stopStrings?: readonly string[];
  /** JSON schema that the reply, not the thought before it, is held to. Errors: `schema-unsupported`. */
  readonly jsonSchema?: Readonly<Record<string, unknown>>;
  /** The same with a grammar, GBNF. Errors: `grammar-invalid`. */
  readonly grammar?: string;
  /** Tokens of thought allowed before the thought is closed; undefined: no limit. */
  readonly thoughtBudget?: number;
  /** Ends the reply after this many tokens as the stop button would. */
  readonly stopAfter?: number;
  /**
   * What `regenerate`, `editLast` and `continueReply` are to work on. If the window's newest turn is another one (this one
   * may have been forgotten for one that was brought back), nothing is done. Errors: `reply-forgotten`.
   */
  readonly newestTurnId?: string;
}

/** Counters of the cache, all in tokens unless named otherwise. Sent after every operation. */
export interface CacheCounters {
  /** When counting began, in milliseconds since the epoch: where this differs, all counts began anew. */
  readonly since: number;
  readonly windowTokens: number;
  readonly windowSize: number;
  /** Evictions so far; each is one shift of the kept cells. */
  readonly shifts: number;
  /** Decoded by the library (its own meter, less the shifted) minus handed over by us as new. */
  readonly reprocessedTokens: number;
  readonly appendedTokens: number;
  readonly decodedTokens: number;
  /** Part of `appendedTokens` that served detours. */
  readonly detourTokens: number;
}

/** One stretch of the cache, for the ribbon: in cache order. */
export interface CacheSpan {
  readonly kind: "head" | "pinned" | "turn" | "live" | "detour" | "ahead";
  readonly turnId?: string;
  readonly tokens: number;
}

/** Cells of one kind next to each other, with their exact text. `glue` is what the template puts between contents. */
export interface WindowPiece {
  readonly kind: "glue" | "system" | "text" | "attachment" | "thought" | "reply" | "detour";
  readonly tokens: number;
  readonly text: string;
}

/** A span of {@link CacheState.spans} with its text. */
export interface WindowSpan extends CacheSpan {
  readonly pieces: readonly WindowPiece[];
}

export interface CacheState {
  readonly counters: CacheCounters;
  readonly spans: readonly CacheSpan[];
  /** Turns with at least one content token in the cache, in cache order. */
  readonly rememberedTurnIds: readonly string[];
  /** A pinned turn whose reply has outgrown the room for pins is not among them any more. */
  readonly pinnedTurnIds: readonly string[];
}

/** The cache after a transcript was brought in. */
export interface RestoredState extends CacheState {
  /** The newest reply as the model wrote it, where that is known; the transcript's is the beginning of it, or all. */
  readonly written?: WrittenReply;
}

/** What came of a message: the conversation's outcome, and what it left. */
export interface TurnResult extends Omit<ReplyOutcome, "generationMs"> {
  readonly tokensPerSecond: number;
  readonly cache: CacheState;
}

/** What happens while a reply or a detour runs. `id` is the turn's or the detour's. */
export type EngineEvent =
  | { readonly type: "prefill"; readonly id: string; readonly done: number; readonly total: number }
  | { readonly type: "text"; readonly id: string; readonly channel: "reply" | "thought"; readonly text: string }
  /** A model that cannot be shifted: what is kept is evaluated again, in tokens. */
  | { readonly type: "recompute"; readonly done: number; readonly total: number }
  | { readonly type: "cache"; readonly cache: CacheState }
  | { readonly type: "loading"; readonly fraction: number };

export type EngineStatus =
  | { readonly state: "idle" }
  | { readonly state: "loading"; readonly fraction: number }
  | { readonly state: "ready"; readonly model: LoadedModel }
  | { readonly state: "crashed"; readonly error: ErrorData; readonly willRestart: boolean };

/** Asks a running operation to stop. Structurally a subset of `AbortSignal`. */
export interface StopSignal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/**
 * One model, one conversation, one KV cache. Three implementations: the client of the forked process, the in-process
 * one (lab, tests; never in the extension host), and a fake (UI tests).
 *
 * One reply runs at a time; a detour may run inside a reply. All methods reject with a `DaylongError`.
 */
export interface Engine extends Disposable {
  readonly status: EngineStatus;
  readonly onDidChangeStatus: Event<EngineStatus>;
  readonly onDidEmit: Event<EngineEvent>;

  /** The gate's verdict by metadata, without loading the weights. Errors: `model-*`. */
  inspect(modelPath: string): Promise<GateVerdict>;
  /** Loads the model and opens an empty conversation. Errors: `model-*`, `out-of-memory`, `window-too-small`. */
  load(options: LoadOptions): Promise<LoadedModel>;
  /**
   * Brings the model's memory in line with a transcript (oldest turn first): what a snapshot brought back and is still
   * true stays, newer turns are evaluated, as many of the newest as fit. Once, right after the conversation was opened.
   */
  restore(turns: readonly RememberedTurn[]): Promise<RestoredState>;
  /** Appends a user message and streams the reply. Errors: `message-empty`, `busy`, `engine-crashed`. */
  send(message: UserMessage, options: ReplyOptions, stop?: StopSignal): Promise<TurnResult>;
  /** Replaces the newest reply. Costs one token: the last of the prompt is decoded again. */
  regenerate(options: ReplyOptions, stop?: StopSignal): Promise<TurnResult>;
  /** Replaces the newest user message and its reply. */
  editLast(message: UserMessage, options: ReplyOptions, stop?: StopSignal): Promise<TurnResult>;
  /** Goes on with the newest reply where it was stopped. */
  continueReply(options: ReplyOptions, stop?: StopSignal): Promise<TurnResult>;
  /** Keeps a turn in the cache. A forgotten turn must be given with its text and is appended at the tail. Errors: `pins-full`. */
  pin(turn: RememberedTurn): Promise<CacheState>;
  unpin(turnId: string): Promise<CacheState>;
  /** Shows a forgotten turn to the model again: appended at the tail. */
  bringBack(turn: RememberedTurn): Promise<CacheState>;
  /** A question at the tail that leaves no trace; may run in the middle of a reply. Errors: `detour-too-large`. */
  detour(id: string, prompt: string, options: ReplyOptions, stop?: StopSignal): Promise<DetourResult>;
  /**
   * What sending this message now would cost and make the model forget, by the plan that `send` follows. Does nothing.
   * Errors: `busy` while a reply runs, `window-too-small`.
   */
  planMessage(message: UserMessage): Promise<MessagePlan>;
  /**
   * Evaluates attachments of a message that is still being typed; parts no longer given are erased. Gives way to every
   * other operation; the message itself, when it is sent, waits for its attachments. Errors: `busy` while a reply runs.
   */
  evaluateAhead(turnId: string, parts: readonly MessagePart[]): Promise<CacheState>;
  /** Instructions changed in the middle of a day: they stand before the next user message, the head stays. */
  changeInstructions(text: string): Promise<void>;
  /** Tokens of a text as user content. */
  countTokens(text: string): Promise<number>;
  cacheState(): Promise<CacheState>;
  /**
   * Leaves the conversation (its snapshot is written) and opens another one, empty or from its snapshot, without
   * loading the model again. Counters begin anew. `snapshotPath`: see {@link LoadOptions}.
   */
  openConversation(snapshotPath: string | undefined): Promise<RestoredFrom>;
  /** Writes the conversation's snapshot and frees the model's memory. Nothing may be running. */
  unload(): Promise<void>;
  /** All text in the window, as the model reads it: the texts of all pieces in order are the cells, detokenised. */
  windowText(): Promise<readonly WindowSpan[]>;
  /** Forgets the conversation (the head stays) and starts anew. */
  reset(): Promise<CacheState>;
}
