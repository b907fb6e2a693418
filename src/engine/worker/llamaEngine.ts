import type { LlamaContextSequence } from "node-llama-cpp";
import { ProcessLock } from "../../files/processLock.ts";
import { Emitter } from "../../base/disposable.ts";
import { DaylongError } from "../../base/errors.ts";
import type { ConversationListener, ReplyOutcome, ReplySettings } from "../../conversation/conversationTypes.ts";
import { StreamingConversation } from "../../conversation/streamingConversation.ts";
import type {
  CacheState,
  DetourResult,
  Engine,
  EngineEvent,
  EngineStatus,
  GateVerdict,
  LoadedModel,
  LoadOptions,
  MessagePart,
  MessagePlan,
  RememberedTurn,
  RestoredFrom,
  RestoredState,
  ReplyOptions,
  ReplySampling,
  StopSignal,
  TurnResult,
  UserMessage,
  WindowSpan,
} from "../engine.ts";
import { cacheStateOf, windowTextOf } from "./cacheState.ts";
import type { EngineLibrary } from "./engineLibrary.ts";
import { LlamaRuntime, type LoadedRuntime } from "./llamaRuntime.ts";
import { LlamaTokenizer } from "./llamaTokenizer.ts";
import { LlamaTokenSequence } from "./llamaTokenSequence.ts";
import { decideMode, type ModelMode } from "./modelMode.ts";
import { RecomputeTokenSequence } from "./recomputeTokenSequence.ts";
import { grammarOf, hasGrammar } from "./replyGrammar.ts";
import { completeSampling } from "./samplingDefaults.ts";
import { modelFingerprint } from "./modelFingerprint.ts";
import { SnapshotFiles, type SnapshotKey } from "./snapshotFiles.ts";
import { SnapshotKeeper } from "./snapshotKeeper.ts";
import { SelfTestStore } from "./selfTestStore.ts";
import { inspectModel } from "./modelGate.ts";
import { templateForModel } from "./modelTemplate.ts";

/** Of the engine library: another version may lay out the cells differently. */
const engineVersion = "node-llama-cpp 3.21.1";

/** How long a reloaded window waits for its own old engine, which may still be writing its last snapshot. Milliseconds. */
const lockPatience = 35_000;

/** Tokens of a prompt that are evaluated at a time: a stop or a detour waits for at most one chunk. */
const chunkTokens = { cpu: 128, gpu: 512 };

/** Milliseconds between two looks at the cache while it grows. */
const cachePeriod = 250;

interface Session {
  /** Milliseconds since the epoch. */
  readonly openedAt: number;
  readonly runtime: LoadedRuntime;
  /** As it was loaded; the snapshot may be another conversation's by now. */
  readonly options: LoadOptions;
  readonly mode: ModelMode;
  /** The library's own sequence, for tests and the lab. */
  readonly cells: LlamaContextSequence;
  readonly sequence: LlamaTokenSequence;
  readonly tokenizer: LlamaTokenizer;
  readonly conversation: StreamingConversation;
  readonly templateName: string;
  readonly defaults: ReplySampling;
}

/** The engine itself, in this process: the worker's main, the lab and tests use it; the extension host never does. */
export class LlamaEngine implements Engine {
  private readonly statusEmitter = new Emitter<EngineStatus>();
  private readonly eventEmitter = new Emitter<EngineEvent>();
  readonly onDidChangeStatus = this.statusEmitter.event;
  readonly onDidEmit = this.eventEmitter.event;
  private readonly runtime: LlamaRuntime;
  private current: EngineStatus = { state: "idle" };
  private session: Session | undefined;
  private keeper: SnapshotKeeper | undefined;
  private cacheToldAt = 0;
  private openedAt = 0;

  constructor(
    private readonly log: (line: string) => void,
    library?: EngineLibrary,
  ) {
    this.runtime = new LlamaRuntime(log, library);
  }

  get status(): EngineStatus {
    return this.current;
  }

  inspect(modelPath: string): Promise<GateVerdict> {
    return inspectModel(modelPath);
  }

  async load(options: LoadOptions): Promise<LoadedModel> {
    this.runtime.warmUp(options.gpu);
    const verdict = await inspectModel(options.modelPath);
    if (verdict.mode === "refuse") throw new DaylongError("model-unsupported", verdict.reasons.join(" "));
    await this.close();
    this.setStatus({ state: "loading", fraction: 0 });
    try {
      const runtime = await this.runtime.load(options, verdict, (fraction) =>
        this.eventEmitter.fire({ type: "loading", fraction }),
      );
      const { context, model } = runtime;
      const store = new SelfTestStore(options.storagePath);
      const mode = await decideMode(verdict, options.modelPath, model, context.contextSize, store, runtime.hardware);
      const cells = context.getSequence(mode.mode === "stream" ? {} : { checkpoints: { max: 0, interval: false } });
      this.session = this.open(runtime, cells, options, verdict.sampling, mode);
      const { conversation } = this.session;
      const restoredFrom = await this.openSnapshot(this.session, options.snapshotPath);
      const loaded: LoadedModel = {
        verdict,
        ...mode,
        restoredFrom,
        windowSize: context.contextSize,
        headTokens: conversation.headTokens,
        reserve: conversation.limits.reserve,
        hardware: runtime.hardware,
      };
      this.setStatus({ state: "ready", model: loaded });
      return loaded;
    } catch (error) {
      this.setStatus({ state: "idle" });
      throw error;
    }
  }

  async restore(turns: readonly RememberedTurn[]): Promise<RestoredState> {
    const written = await this.opened.conversation.restore(turns);
    return { ...this.state(), ...(written === undefined ? {} : { written }) };
  }

  send(message: UserMessage, options: ReplyOptions, stop?: StopSignal): Promise<TurnResult> {
    return this.reply(options, (conversation, settings) =>
      conversation.send(message.turnId, message.parts, settings, stop),
    );
  }

  regenerate(options: ReplyOptions, stop?: StopSignal): Promise<TurnResult> {
    return this.reply(options, (conversation, settings) => conversation.regenerate(settings, stop));
  }

  editLast(message: UserMessage, options: ReplyOptions, stop?: StopSignal): Promise<TurnResult> {
    return this.reply(options, (conversation, settings) =>
      conversation.editLast(message.turnId, message.parts, settings, stop),
    );
  }

  continueReply(options: ReplyOptions, stop?: StopSignal): Promise<TurnResult> {
    return this.reply(options, (conversation, settings) => conversation.continueReply(settings, stop));
  }

  async pin(turn: RememberedTurn): Promise<CacheState> {
    await this.opened.conversation.pin({ ...turn, pinned: true });
    return this.state();
  }

  unpin(turnId: string): Promise<CacheState> {
    this.opened.conversation.unpin(turnId);
    return Promise.resolve(this.state());
  }

  async bringBack(turn: RememberedTurn): Promise<CacheState> {
    await this.opened.conversation.bringBack(turn);
    return this.state();
  }

  async detour(id: string, prompt: string, options: ReplyOptions, stop?: StopSignal): Promise<DetourResult> {
    const { conversation, runtime } = this.opened;
    const grammar = hasGrammar(options) ? await grammarOf(runtime.model.llama, options) : undefined;
    try {
      return await conversation.detour(id, prompt, this.settingsOf(options, grammar), stop);
    } finally {
      if (this.session !== undefined) this.tellCache();
    }
  }

  planMessage({ turnId, parts }: UserMessage): Promise<MessagePlan> {
    return this.opened.conversation.planMessage(turnId, parts);
  }

  async evaluateAhead(turnId: string, parts: readonly MessagePart[]): Promise<CacheState> {
    await this.opened.conversation.evaluateAhead(turnId, parts);
    return this.state();
  }

  changeInstructions(text: string): Promise<void> {
    this.opened.conversation.changeInstructions(text);
    return Promise.resolve();
  }

  countTokens(text: string): Promise<number> {
    return Promise.resolve(this.opened.tokenizer.encode(text, false).length);
  }

  cacheState(): Promise<CacheState> {
    return Promise.resolve(this.state());
  }

  async openConversation(snapshotPath: string | undefined): Promise<RestoredFrom> {
    const { runtime, cells, defaults, mode, options } = this.opened;
    const { keeper } = this;
    this.keeper = undefined;
    await keeper?.close();
    await cells.clearHistory();
    this.session = this.open(runtime, cells, options, defaults, mode);
    return this.openSnapshot(this.session, snapshotPath);
  }

  windowText(): Promise<readonly WindowSpan[]> {
    const { conversation, sequence, tokenizer } = this.opened;
    return Promise.resolve(windowTextOf(conversation, sequence.tokens, tokenizer));
  }

  async reset(): Promise<CacheState> {
    await this.opened.conversation.reset();
    return this.state();
  }

  async unload(): Promise<void> {
    await this.close();
    this.setStatus({ state: "idle" });
  }

  /** The open conversation, for tests and the lab. @throws DaylongError `no-model` */
  get opened(): Session {
    if (this.session === undefined) throw new DaylongError("no-model", "No model is loaded. Choose one first.");
    return this.session;
  }

  dispose(): void {
    void this.close().then(() => this.runtime.dispose());
  }

  /** Finishes the last snapshot and frees the model. What runs is stopped by the caller. */
  async close(): Promise<void> {
    const { session, keeper } = this;
    this.keeper = undefined;
    await keeper?.close();
    this.session = undefined;
    if (session === undefined) return;
    await session.runtime.context.dispose();
    await session.runtime.model.dispose();
  }

  /** An empty conversation over cells that hold nothing. */
  private open(
    runtime: LoadedRuntime,
    cells: LlamaContextSequence,
    options: LoadOptions,
    defaults: ReplySampling,
    mode: ModelMode,
  ): Session {
    const { model, context } = runtime;
    const { template, placement } = templateForModel(model, new Date());
    const chunk = model.gpuLayers === 0 ? chunkTokens.cpu : chunkTokens.gpu;
    const stream = mode.mode === "stream";
    const sequence = stream
      ? new LlamaTokenSequence(cells)
      : new RecomputeTokenSequence(
          cells,
          { tailErase: !model.fileInsights.isRecurrent && !model.fileInsights.isHybrid },
          chunk,
          (done, total) => this.eventEmitter.fire({ type: "recompute", done, total }),
        );
    const tokenizer = new LlamaTokenizer(model);
    const listener: ConversationListener = {
      onPrefill: (id, done, total) => {
        this.eventEmitter.fire({ type: "prefill", id, done, total });
        this.tellGrowingCache();
      },
      onText: (id, channel, text) => {
        this.eventEmitter.fire({ type: "text", id, channel, text });
        this.tellGrowingCache();
      },
      onCache: () => {
        this.keeper?.touch();
        this.tellCache();
      },
    };
    const conversation = new StreamingConversation({
      sequence,
      tokenizer,
      template,
      placement,
      systemPrompt: options.systemPrompt.trim() === "" ? "You are a helpful assistant." : options.systemPrompt,
      contextSize: context.contextSize,
      shiftable: stream,
      chunkTokens: chunk,
      listener,
      clock: () => performance.now(),
    });
    this.openedAt = Math.max(Date.now(), this.openedAt + 1);
    const { openedAt } = this;
    const templateName = template.name;
    return { openedAt, runtime, options, defaults, mode, cells, sequence, tokenizer, conversation, templateName };
  }

  private async openSnapshot(session: Session, snapshotPath: string | undefined): Promise<RestoredFrom> {
    if (snapshotPath === undefined) return "none";
    const { options } = session;
    const lost = { tell: (): void => undefined };
    const lock = await this.lockSnapshot(snapshotPath, () => lost.tell());
    if (typeof lock === "string") return lock;
    const { context } = session.runtime;
    const key: SnapshotKey = {
      fingerprint: await modelFingerprint(options.modelPath),
      engineVersion,
      contextSize: context.contextSize,
      systemPrompt: options.systemPrompt,
      template: session.templateName,
      cacheTypes: `${context.kvCacheKeyType}/${context.kvCacheValueType}/${String(context.flashAttention)}`,
    };
    const files = new SnapshotFiles(snapshotPath);
    const { sequence, conversation } = session;
    const keeper = new SnapshotKeeper({
      files,
      lock,
      key,
      sequence,
      conversation,
      policy: options.snapshotPolicy ?? {},
      log: this.log,
    });
    lost.tell = () => keeper.abandon();
    const restoredFrom = await keeper.load();
    this.keeper = keeper;
    return restoredFrom;
  }

  /** Where the disk takes nothing (read-only, full), the model works all the same, without snapshots. */
  private async lockSnapshot(path: string, onDidLose: () => void): Promise<ProcessLock | "in-use" | "none"> {
    try {
      return (await ProcessLock.take(`${path}.lock`, { wait: lockPatience, onDidLose })) ?? "in-use";
    } catch (error) {
      this.log(`no snapshots: ${String(error)}`);
      return "none";
    }
  }

  private state(): CacheState {
    const { conversation, runtime, openedAt } = this.opened;
    return cacheStateOf(conversation, runtime.context.contextSize, openedAt);
  }

  private tellCache(): void {
    this.cacheToldAt = performance.now();
    this.eventEmitter.fire({ type: "cache", cache: this.state() });
  }

  /** What a prompt or a reply adds is told from time to time. */
  private tellGrowingCache(): void {
    if (performance.now() > this.cacheToldAt + cachePeriod) this.tellCache();
  }

  private async reply(
    options: ReplyOptions,
    work: (conversation: StreamingConversation, settings: ReplySettings) => Promise<ReplyOutcome>,
  ): Promise<TurnResult> {
    const { conversation, runtime } = this.opened;
    // Without a grammar nothing is waited for: operations run in the order in which they were asked for.
    const grammar = hasGrammar(options) ? await grammarOf(runtime.model.llama, options) : undefined;
    const outcome = await work(conversation, this.settingsOf(options, grammar));
    const { generationMs, ...result } = outcome;
    return {
      ...result,
      tokensPerSecond: generationMs > 0 ? ((outcome.replyTokens - 1) * 1000) / generationMs : 0,
      cache: this.state(),
    };
  }

  private settingsOf({ sampling, ...limits }: ReplyOptions, grammar: string | undefined): ReplySettings {
    const { maxTokens } = sampling;
    const { thoughtBudget, stopAfter, stopStrings, newestTurnId } = limits;
    return {
      sampling: completeSampling(sampling, this.opened.defaults),
      ...(maxTokens === undefined ? {} : { maxTokens }),
      ...(grammar === undefined ? {} : { grammar }),
      ...(thoughtBudget === undefined ? {} : { thoughtBudget }),
      ...(stopAfter === undefined ? {} : { stopAfter }),
      ...(stopStrings === undefined ? {} : { stopStrings }),
      ...(newestTurnId === undefined ? {} : { newestTurnId }),
    };
  }

  private setStatus(status: EngineStatus): void {
    this.current = status;
    this.statusEmitter.fire(status);
  }
}
