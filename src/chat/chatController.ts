import { Emitter, type Disposable } from "../base/disposable.ts";
import { DaylongError, toErrorData, type ErrorData } from "../base/errors.ts";
import type { CacheState, Engine, EngineEvent, RememberedTurn, WindowSpan } from "../engine/engine.ts";
import type { ChatIntent, ChatSnapshot, ChatState, ErrorView, TurnView } from "../messages/chatMessages.ts";
import { viewStrings } from "../messages/viewStrings.ts";
import type { ChatControllerOptions } from "./chatControllerOptions.ts";
import type { ChatHost } from "./chatHost.ts";
import type { Composer } from "./composer.ts";
import { isComposerIntent } from "./composerIntents.ts";
import { createComposer } from "./createComposer.ts";
import { chosenModelOf, loadOptionsOf, replyOptionsOf } from "./engineOptions.ts";
import { errorView } from "./errorText.ts";
import { doHostIntent, isHostIntent } from "./hostIntents.ts";
import { IdleUnload } from "./idleUnload.ts";
import { MemoryState, reprocessReasonOf } from "./memoryState.ts";
import { ModelSession, type ModelChoice } from "./modelSession.ts";
import { showProgress } from "./replyProgress.ts";
import { pendingTurn } from "./replyOutcome.ts";
import { ReplyRunner } from "./replyRunner.ts";
import { SideQuestions } from "./sideQuestions.ts";
import { rememberedTurnOf, Transcript } from "./transcript.ts";
import type { ChatStatus } from "./statusItem.ts";
import { ViewChannel, type ChatDelta } from "./viewChannel.ts";

/**
 * Owns the conversation and takes every decision about it. Knows no vscode: the workbench is a {@link ChatHost}, the
 * model an {@link Engine}, and any view comes through {@link attach}.
 */
export class ChatController implements Disposable {
  readonly sideQuestions: SideQuestions;
  readonly composer: Composer;
  private readonly engine: Engine;
  private readonly host: ChatHost;
  private readonly channel: ViewChannel;
  private readonly transcript: Transcript;
  private readonly model: ModelSession;
  private readonly subscription: Disposable;
  private readonly now: () => number;
  private readonly memory: MemoryState;
  private readonly replies: ReplyRunner;
  private readonly idleUnload: IdleUnload;
  private readonly changes = new Emitter<void>();
  /** {@link status}, or what is in the window, has changed. */
  readonly onDidChange = this.changes.event;

  constructor(private readonly options: ChatControllerOptions) {
    this.engine = options.engine;
    this.host = options.host;
    this.now = options.now ?? Date.now;
    const { host } = this;
    const strings = Object.entries(viewStrings).map(([name, english]) => [name, host.translate(english)]);
    this.channel = new ViewChannel(() => this.snapshot(), Object.fromEntries(strings) as Record<string, string>);
    this.transcript = new Transcript((delta) => {
      options.keeper?.record(delta);
      this.channel.send(delta);
    });
    this.memory = new MemoryState({
      transcript: this.transcript,
      tell: (delta) => this.tell(delta),
      onDidChange: (erased, broughtBack) => options.keeper?.recordMemory(erased, broughtBack),
      now: this.now,
      usage: options.keeper?.usage,
    });
    this.composer = createComposer(options, this.transcript, {
      describe: (error) => this.describe(error).message,
      tell: (delta) => this.channel.send(delta),
      isReady: () => this.model.isLoaded && this.model.view.state === "ready",
      isBusy: () => this.busy,
      wake: () => void this.receive({ type: "composing" }),
      answer: (turn) => this.replies.run(turn, "send"),
      startNew: () => this.newConversation(),
      pin: (id) => this.setPinned(id, true),
    });
    this.replies = new ReplyRunner({
      engine: this.engine,
      host,
      transcript: this.transcript,
      loadModel: (exceptTurn) => this.loadModel(exceptTurn),
      describe: (error) => this.describe(error),
      onDidChangeBusy: (busy) => this.tell({ type: "busy", busy }),
      onDidAnswer: (turnId, tokens) => options.keeper?.recordTokens(turnId, tokens),
      onDidRemember: (cache) => this.followCache(cache),
    });
    this.model = new ModelSession({
      engine: this.engine,
      demoModelPath: options.demoModelPath,
      loadOptions: () => loadOptionsOf(host.settings(), options.keeper?.snapshotPath),
      errorView: (error) => this.describe(error),
      onDidChange: (model) => {
        this.tell({ type: "model", model });
        this.composer.follow(model);
      },
      onWillLoad: () => void (this.replies.answeredId = undefined),
      onDidLoad: (restoredFrom) => options.keeper?.modelLoaded(restoredFrom),
      onDidRestore: (restored) => {
        this.replies.adopt(restored.written);
        this.followCache(restored);
      },
    });
    this.sideQuestions = new SideQuestions({
      engine: this.engine,
      transcript: this.transcript,
      ensureLoaded: () => this.loadModel(),
      isReplying: () => this.busy,
      settled: () => this.replies.whenSettled(),
      replyOptions: () => replyOptionsOf(host.settings()),
      onDidRemember: (cache) => this.followCache(cache),
      onDidChangeAsking: () => this.changes.fire(),
      now: this.now,
    });
    this.subscription = this.engine.onDidEmit((event) => this.follow(event));
    this.idleUnload = new IdleUnload({
      engine: this.engine,
      minutes: () => host.settings().unloadAfterMinutes,
      isIdle: () => this.model.isLoaded && !this.busy && !this.sideQuestions.busy,
      unload: () => this.model.unload(),
      now: this.now,
    });
    this.model.choose(chosenModelOf(host.settings(), host.prefersDemo));
    void options.keeper?.opened.then(() => this.composer.open());
  }

  /** Whether a reply is running. */
  get busy(): boolean {
    return this.replies.busy;
  }

  get turns(): readonly TurnView[] {
    return this.transcript.turns;
  }

  /** What the model is called; empty: none is chosen. */
  get modelName(): string {
    return "name" in this.model.view ? this.model.view.name : "";
  }

  get status(): ChatStatus {
    const { busy, sideQuestions } = this;
    return { model: this.model.view, counters: this.memory.counters, busy, asking: sideQuestions.isAsking };
  }

  /** The exact text in the model's window; undefined: nothing of this conversation is in one. */
  windowText(): Promise<readonly WindowSpan[]> | undefined {
    return this.model.isLoaded ? this.engine.windowText() : undefined;
  }

  attach(post: (message: ChatState) => void): Disposable {
    return this.channel.attach(post);
  }

  /** Does what the user asked for in the view. Never rejects: what goes wrong is shown. */
  async receive(intent: ChatIntent): Promise<void> {
    try {
      if (this.options.keeper !== undefined) await this.options.keeper.opened;
      await this.handle(intent);
    } catch (error) {
      this.notify(error);
    }
  }

  /** Puts a conversation in the place of the present one, as a new one. */
  async openTranscript(turns: readonly TurnView[]): Promise<void> {
    const { keeper } = this.options;
    const show = (): void => {
      for (const turn of turns) keeper?.record({ type: "turnAdded", turn });
      this.showTranscript(turns);
    };
    await this.stopAndWait();
    if (keeper === undefined) show();
    else await keeper.startNew(show);
  }

  /**
   * Shows these turns in the place of the present ones; the model gets the newest of them with the next message. At
   * once: nothing may be running.
   */
  showTranscript(turns: readonly TurnView[]): void {
    this.transcript.open(turns);
    this.memory.clear();
    this.replies.answeredId = undefined;
    this.model.forgetConversation();
    this.composer.open();
    this.channel.sendSnapshot();
    this.changes.fire();
  }

  /** Takes the model that the settings name now, unless it is the present one; what else it needs anew is offered. */
  async settingsChanged(isOtherModel: boolean): Promise<void> {
    if (isOtherModel) {
      this.host.prefersDemo = false;
      await this.useModel(chosenModelOf(this.host.settings(), false));
    }
    this.model.compareSettings();
    this.composer.settingsChanged();
  }

  /** Puts what went wrong into words made for the user. */
  describe(error: ErrorData): ErrorView {
    const isEnglish = /^en\b/i.test(this.host.language);
    return errorView(error, (text, ...values) => this.host.translate(text, ...values), isEnglish);
  }

  focusView(target: "composer" | "find"): void {
    this.channel.send({ type: "focus", target });
  }

  dispose(): void {
    this.replies.stop();
    this.subscription.dispose();
    this.idleUnload.dispose();
    this.composer.dispose();
    this.memory.dispose();
    this.model.dispose();
    this.channel.dispose();
    this.changes.dispose();
  }

  private async handle(intent: ChatIntent): Promise<void> {
    if (isHostIntent(intent)) return doHostIntent(intent, this.host, (id) => this.known(id));
    if (isComposerIntent(intent)) return this.composer.handle(intent);
    switch (intent.type) {
      case "ready":
        this.channel.sendSnapshot();
        return;
      case "composing":
        this.idleUnload.touch();
        if (this.model.view.state === "unloaded") await this.loadModel();
        return;
      case "send":
        await this.composer.submit(intent.text);
        return;
      case "stop":
        this.replies.stop();
        return;
      case "regenerate":
      case "continueReply":
        return this.replyAgain(intent.type);
      case "editLast":
        return this.editLast(intent.text);
      case "pin":
      case "unpin":
        await this.setPinned(intent.id, intent.type === "pin");
        return;
      case "bringBack":
        await this.bringBack(intent.id);
        return;
      case "useDemoModel":
        this.host.prefersDemo = true;
        await this.useModel({ kind: "demo" });
        await this.loadModel();
        return;
      case "chooseModel": {
        const path = await this.host.pickModelFile();
        if (path === undefined) return;
        this.host.prefersDemo = false;
        await this.useModel({ kind: "file", path });
        await this.loadModel();
        return;
      }
      case "restartEngine":
        await this.stopAndWait();
        this.model.invalidate();
        await this.loadModel();
        return;
      case "reloadModel":
        // Nobody's reply is cut off for a setting.
        while (this.busy) await this.replies.whenSettled();
        await this.sideQuestions.stopAll();
        this.model.invalidate();
        await this.loadModel();
        return;
      case "newConversation":
        await this.newConversation();
        return;
    }
  }

  private async editLast(text: string): Promise<void> {
    const message = text.trim();
    const last = this.transcript.last;
    if (message === "" || last === undefined || this.busy) return;
    // In one step: never is the old reply told as the answer to the new message.
    this.transcript.change(last.id, { user: message, sentAt: this.now(), ...pendingTurn(false) });
    await this.replies.run(this.known(last.id), "editLast");
    this.composer.replyEnded();
  }

  private async replyAgain(kind: "regenerate" | "continueReply"): Promise<void> {
    const { last } = this.transcript;
    if (last === undefined || this.busy) return;
    await this.replies.run(last, kind);
    this.composer.replyEnded();
  }

  private async newConversation(): Promise<void> {
    const pinned = this.transcript.turns.filter((turn) => turn.pinned && turn.reply !== "").length;
    const choice = this.transcript.turns.length === 0 ? "new" : await this.host.confirmNewConversation(pinned);
    if (choice === "cancel") return;
    await this.startNew(choice === "keepPins");
    this.focusView("composer");
  }

  /** Begins a new conversation, without asking. `keepPins`: with what was pinned in the present one. */
  async startNew(keepPins = false): Promise<void> {
    const wasLoaded = this.model.view.state === "ready";
    await this.stopAndWait();
    await this.openTranscript(keepPins ? this.transcript.turns.filter((turn) => turn.pinned && turn.reply !== "") : []);
    if (wasLoaded) await this.loadModel();
  }

  private async setPinned(id: string, pinned: boolean): Promise<void> {
    const turn = this.known(id);
    if (this.busy) throw new DaylongError("busy", "A reply is still running. Wait for it, or stop it first.");
    if (this.model.isLoaded) {
      const cache = pinned
        ? await this.engine.pin({ ...this.pastTurn(turn), pinned: true })
        : await this.engine.unpin(id);
      this.followCache(cache);
    }
    this.transcript.change(id, { pinned });
  }

  private async bringBack(id: string): Promise<void> {
    const turn = this.known(id);
    if (this.busy) throw new DaylongError("busy", "A reply is still running. Wait for it, or stop it first.");
    await this.loadModel();
    this.followCache(await this.engine.bringBack(this.pastTurn(turn)));
  }

  private async loadModel(exceptTurn?: string): Promise<void> {
    const wasLoaded = this.model.isLoaded;
    await this.model.ensure(() =>
      this.transcript.turns.filter((turn) => this.isWorthKnowing(turn, exceptTurn)).map((turn) => this.pastTurn(turn)),
    );
    if (!wasLoaded) {
      this.replies.answeredId = this.transcript.turns.findLast((turn) => this.isWorthKnowing(turn, exceptTurn))?.id;
    }
  }

  private pastTurn(turn: TurnView): RememberedTurn {
    return rememberedTurnOf(turn, this.options.keeper?.replyTokens(turn.id));
  }

  private isWorthKnowing(turn: TurnView, exceptTurn: string | undefined): boolean {
    return turn.id !== exceptTurn && turn.reply !== "";
  }

  private follow(event: EngineEvent): void {
    const running = this.replies.runningId;
    if (event.type === "cache") this.followCache(event.cache);
    else if (running !== undefined) showProgress(this.transcript, running, event);
  }

  private followCache(cache: CacheState): void {
    const reason = reprocessReasonOf(this.model.view, this.replies.runningKind);
    this.memory.follow(cache, this.replies.runningId, { reason, restoring: this.model.isPreparing });
    this.composer.followCache(cache);
  }

  /** Ends what is being answered, and waits until it has ended; nothing runs when this resolves. */
  async stopAndWait(): Promise<void> {
    do {
      this.replies.stop();
      await Promise.all([this.replies.whenSettled(), this.sideQuestions.stopAll()]);
    } while (this.busy);
  }

  private tell(delta: ChatDelta): void {
    this.channel.send(delta);
    this.changes.fire();
  }

  private async useModel(choice: ModelChoice): Promise<void> {
    if (this.model.isChosen(choice)) return;
    await this.stopAndWait();
    this.model.choose(choice);
  }

  /** Says once what went wrong outside a turn. A model that failed says it in its own place. */
  private notify(error: unknown): void {
    const data = toErrorData(error);
    this.host.log(`${data.code}: ${data.detail ?? data.message}`);
    const { state } = this.model.view;
    if (state === "failed" || state === "crashed") return;
    this.channel.send({ type: "notice", notice: this.describe(data) });
  }

  private known(id: string): TurnView {
    const turn = this.transcript.find(id);
    if (turn === undefined) throw new DaylongError("turn-unknown", "This turn is no longer there.");
    return turn;
  }

  private snapshot(): Omit<ChatSnapshot, "earlier"> {
    const { counters, spans } = this.memory;
    const { busy, composer, turns } = this;
    return { turns, model: this.model.view, counters, spans, busy, composer: composer.view };
  }
}
