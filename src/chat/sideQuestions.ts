import { randomUUID } from "node:crypto";
import type { CacheState, DetourResult, Engine, EngineEvent, ReplyOptions, StopSignal } from "../engine/engine.ts";
import { newTurn, rememberedTurnOf, type Transcript } from "./transcript.ts";

export interface SideQuestionsOptions {
  readonly engine: Engine;
  readonly transcript: Transcript;
  /** Makes sure that the model is loaded and knows the conversation. Errors: `no-model`, those of {@link Engine.load}. */
  readonly ensureLoaded: () => Promise<void>;
  readonly isReplying: () => boolean;
  /** Resolves when no reply is running. */
  readonly settled: () => Promise<void>;
  readonly replyOptions: () => ReplyOptions;
  readonly onDidRemember: (cache: CacheState) => void;
  /** {@link SideQuestions.isAsking} has changed. */
  readonly onDidChangeAsking: () => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What a question may take of the window, in tokens; the question with the template's text around it, and the answer. */
export interface SideRoom {
  readonly free: number;
}

type SideEvent = Extract<EngineEvent, { readonly type: "prefill" | "text" }>;

/**
 * Questions beside the conversation, as detours of the engine. A reply in progress stands still for them; what is
 * sent to the conversation meanwhile waits in the engine.
 */
export class SideQuestions {
  private readonly running = new Set<Promise<unknown>>();
  private readonly stops = new Set<AbortController>();
  private preparing: Promise<void> | undefined;

  constructor(private readonly options: SideQuestionsOptions) {}

  /** Whether a question is being answered. */
  get busy(): boolean {
    return this.running.size > 0;
  }

  /** Loads the model if need be. Errors: `no-model`, and those of {@link Engine.load}. */
  async ready(): Promise<void> {
    this.preparing ??= this.options.ensureLoaded().finally(() => {
      this.preparing = undefined;
    });
    await this.preparing;
  }

  /** What is free in the window now. A reply in progress may use all but the reserve before its turn comes. */
  async room(): Promise<SideRoom> {
    const { engine } = this.options;
    const { windowSize, windowTokens } = (await engine.cacheState()).counters;
    const model = engine.status.state === "ready" ? engine.status.model : undefined;
    const used = Math.max(windowTokens, model?.headTokens ?? 0);
    const free = windowSize - 1 - used;
    return { free: this.options.isReplying() ? Math.min(free, model?.reserve ?? free) : free };
  }

  /** Whether a question is being answered. */
  get isAsking(): boolean {
    return this.running.size > 0;
  }

  countTokens(text: string): Promise<number> {
    return this.options.engine.countTokens(text);
  }

  /** Asks, and tells what comes as it comes. Errors: those of {@link Engine.detour}. */
  async ask(
    id: string,
    prompt: string,
    limits: Omit<ReplyOptions, "sampling">,
    tell: (event: SideEvent) => void,
    stop: StopSignal,
  ): Promise<DetourResult> {
    const { engine } = this.options;
    const stopping = new AbortController();
    const abort = (): void => stopping.abort();
    if (stop.aborted) abort();
    stop.addEventListener("abort", abort);
    const listening = engine.onDidEmit((event) => {
      if ((event.type === "prefill" || event.type === "text") && event.id === id) tell(event);
    });
    const asking = engine.detour(id, prompt, { ...this.options.replyOptions(), ...limits }, stopping.signal);
    this.running.add(asking);
    this.stops.add(stopping);
    this.options.onDidChangeAsking();
    try {
      return await asking;
    } finally {
      this.running.delete(asking);
      this.stops.delete(stopping);
      this.options.onDidChangeAsking();
      listening.dispose();
      stop.removeEventListener("abort", abort);
    }
  }

  /**
   * Makes a question and its answer a turn of the conversation: shown at its end, and appended to what the model
   * remembers. Waits for a reply in progress. Errors: `no-model`, those of {@link Engine.bringBack}.
   */
  async keep(question: string, answer: string): Promise<void> {
    await this.ready();
    while (this.options.isReplying()) await this.options.settled();
    const turn = { ...newTurn(randomUUID(), question, this.options.now()), reply: answer, status: "done" as const };
    this.options.transcript.add(turn);
    this.options.onDidRemember(await this.options.engine.bringBack(rememberedTurnOf(turn)));
  }

  /** Ends what is being answered, before the model or the conversation goes. */
  async stopAll(): Promise<void> {
    for (const stopping of this.stops) stopping.abort();
    await Promise.allSettled(this.running);
  }
}
