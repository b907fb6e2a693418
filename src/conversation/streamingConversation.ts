import { DaylongError } from "../base/errors.ts";
import { AheadReading } from "./aheadReading.ts";
import type { Cache } from "./cache.ts";
import { ConversationCore, type ConversationSetup } from "./conversationCore.ts";
import { exportState, importSegments, type ConversationState } from "./conversationState.ts";
import type {
  DetourOutcome,
  MessagePlan,
  PartText,
  PastTurn,
  ReplyOutcome,
  ReplySettings,
  StopFlag,
  WrittenReply,
} from "./conversationTypes.ts";
import { runDetour } from "./detour.ts";
import type { EvictionLimits } from "./evictionPlan.ts";
import { assertPinFits } from "./pinLimit.ts";
import type { ReplyRun } from "./replyRun.ts";
import { Restoration } from "./restoration.ts";
import { planRoom } from "./room.ts";
import { countTokens } from "./segment.ts";
import type { CachedTurn } from "./turn.ts";

/**
 * The streaming conversation: one sequence, kept equal to the rendered template of the turns that are remembered
 * (docs/architecture.md, "The heart"). One operation at a time; a detour may run inside a reply.
 */
export class StreamingConversation {
  private readonly core: ConversationCore;
  private readonly ahead: AheadReading;
  private readonly restoration: Restoration;
  /** Forgotten turns that were shown to the model again: they stand behind newer ones. */
  private readonly broughtBack = new Set<string>();
  private instructions: PartText | undefined;
  private instructionCount = 0;
  /** Part of the appended tokens that served detours. */
  detourTokens = 0;
  /** The detour that runs: its first cell, and the tokens that had been re-processed before it. */
  runningDetour: { readonly start: number; readonly reprocessed: number } | undefined;

  /** @throws DaylongError `window-too-small` */
  constructor(setup: ConversationSetup) {
    this.core = new ConversationCore(setup);
    this.ahead = new AheadReading(this.core);
    this.restoration = new Restoration(this.core);
  }

  get cache(): Cache {
    return this.core.cache;
  }

  get limits(): EvictionLimits {
    return this.core.limits;
  }

  get headTokens(): number {
    return this.core.headTokens;
  }

  get isRunning(): boolean {
    return this.core.running;
  }

  /** Turns in the window, in cache order. */
  get rememberedTurns(): readonly CachedTurn[] {
    return this.core.turns;
  }

  /** The turn that is being asked or answered, or was last. */
  get newestTurn(): CachedTurn | undefined {
    return this.core.turns.findLast((turn) => !this.broughtBack.has(turn.turnId));
  }

  /** Appends a user message and streams the reply. @throws DaylongError `message-empty`, `busy`, `window-too-small` */
  async send(
    turnId: string,
    parts: readonly PartText[],
    settings: ReplySettings,
    stop?: StopFlag,
  ): Promise<ReplyOutcome> {
    await this.ahead.letFinish(turnId, stop);
    return this.core.exclusively(async () => {
      const turn = this.core.newTurn(turnId, this.withInstructions(parts));
      const others = this.core.turns.filter((other) => other.turnId !== turnId && other.phase !== "ahead");
      return this.instructed(await this.core.answer(turn, [...others, turn], settings, stop));
    });
  }

  /** Replaces the newest message and its reply. @throws DaylongError `reply-forgotten` */
  editLast(
    turnId: string,
    parts: readonly PartText[],
    settings: ReplySettings,
    stop?: StopFlag,
  ): Promise<ReplyOutcome> {
    return this.core.exclusively(async () => {
      const newest = this.newestTurn;
      assertIs(newest, settings);
      const turn = this.core.newTurn(turnId, this.withInstructions(parts));
      turn.pinned = newest?.pinned ?? false;
      return this.instructed(await this.core.answer(turn, [...this.turnsBefore(newest), turn], settings, stop));
    });
  }

  /**
   * Replaces the newest reply. The last prompt token is decoded again, since its logits are gone.
   *
   * @throws DaylongError `nothing-to-regenerate`, `reply-forgotten`
   */
  regenerate(settings: ReplySettings, stop?: StopFlag): Promise<ReplyOutcome> {
    return this.core.exclusively(async () => {
      const newest = this.answeredTurn(settings);
      newest.phase = "asked";
      this.core.unfinished = undefined;
      return this.core.answer(newest, [...this.turnsBefore(newest), newest], settings, stop);
    });
  }

  /** Goes on with the newest reply where it was stopped. @throws DaylongError as {@link regenerate} */
  continueReply(settings: ReplySettings, stop?: StopFlag): Promise<ReplyOutcome> {
    return this.core.exclusively(async () => this.core.goOn(this.answeredTurn(settings), settings, stop));
  }

  /**
   * A question at the tail that leaves no trace. In the middle of a reply it runs between two tokens, and the reply
   * then goes on bit-identically.
   *
   * @throws DaylongError `detour-too-large`
   */
  async detour(id: string, prompt: string, settings: ReplySettings, stop?: StopFlag): Promise<DetourOutcome> {
    const { core } = this;
    while (core.still !== undefined) await core.still;
    const work = async (run: ReplyRun | undefined): Promise<DetourOutcome> => {
      if (run === undefined) await core.flushUnfinished();
      // The first cell must stay: without a conversation yet, the detour stands on the head.
      if (core.cache.length === 0) await core.commit([], undefined, []);
      const before = core.cache.appended;
      const turns = core.turns.map((turn) => (turn.phase === "ahead" ? { ...turn, phase: "asked" as const } : turn));
      this.runningDetour = { start: core.cache.length, reprocessed: core.cache.reprocessed };
      try {
        return await runDetour(core.setup, core.cache, core.planner, turns, run, id, prompt, settings, stop);
      } finally {
        this.runningDetour = undefined;
        this.detourTokens += core.cache.appended - before;
      }
    };
    // Outside a reply nobody is turned away meanwhile: a message that is sent now waits for the answer.
    return core.running ? core.detours.add(work) : core.whileStill(() => work(undefined));
  }

  /** Keeps a turn in the window; a forgotten one is appended again. @throws DaylongError `pins-full`, `busy` */
  async pin(past: PastTurn): Promise<void> {
    const cached = this.core.turns.find((turn) => turn.turnId === past.turnId);
    if (cached === undefined) return this.bringBack({ ...past, pinned: true });
    if (!cached.pinned) this.assertPinFits(countTokens(this.core.segmentsOf(cached)));
    cached.pinned = true;
    this.core.setup.listener.onCache();
  }

  unpin(turnId: string): void {
    const turn = this.core.turns.find((candidate) => candidate.turnId === turnId);
    if (turn !== undefined) turn.pinned = false;
    this.core.setup.listener.onCache();
  }

  /** Shows a forgotten turn to the model again, at the tail. */
  bringBack(past: PastTurn): Promise<void> {
    return this.core.exclusively(async () => {
      if (this.core.turns.some((turn) => turn.turnId === past.turnId)) return;
      const { turn, reply, size } = this.restoration.remembered(past);
      if (past.pinned) this.assertPinFits(size);
      this.broughtBack.add(turn.turnId);
      await this.core.commit([...this.core.turns.filter((other) => other.phase !== "ahead"), turn], undefined, [reply]);
    });
  }

  /**
   * Brings the model's memory in line with the transcript (turns oldest first). What a snapshot brought back and is still
   * true stays; newer turns are appended. With nothing to stand on, the newest turns that fit are evaluated, pinned first.
   *
   * Of the newest turn the model may have written more than the transcript says. That stays too, since it was computed,
   * and is returned: the transcript is to follow. (Going on from where the transcript ends would need the logits of a
   * token whose cell is there: a token computed twice.) Undefined: it is not known how the newest reply ended.
   */
  restore(past: readonly PastTurn[]): Promise<WrittenReply | undefined> {
    return this.core.exclusively(() => this.restoration.restore(past, this.newestTurn));
  }

  /**
   * Lets `use` have the books for a snapshot while nothing moves: what a stopped reply owes is in them, and if cells were
   * moved last, the last token is evaluated again. An operation that comes meanwhile waits. Undefined while
   * an operation runs, and while there is nothing to keep.
   */
  async settle<T>(use: (state: ConversationState) => Promise<T>): Promise<T | undefined> {
    if (this.core.running || this.core.turns.length === 0) return undefined;
    return this.core.whileStill(async () => {
      const turns = this.core.turns.filter((turn) => turn.phase === "answered");
      if (turns.length < this.core.turns.length) await this.core.rollBack(turns);
      const owed = this.core.owedTokens();
      if (owed === undefined) await this.core.flushUnfinished();
      if (this.cache.sequence.isUnsettled) await this.core.evaluateLastAgain();
      return use(exportState(this.cache.segments, turns, this.broughtBack, owed, this.core.written));
    });
  }

  /** Takes over the books of a snapshot whose cells are in the sequence already. */
  adopt(state: ConversationState): void {
    this.cache.adopt(importSegments(state));
    this.core.turns = state.turns.map((turn) => ({ ...turn }));
    for (const turnId of state.broughtBack) this.broughtBack.add(turnId);
    if (state.owed !== undefined) this.core.adoptOwed(state.owed);
    this.core.written = state.written;
  }

  /**
   * What sending this message now would cost and make the model forget: the plan that {@link send} follows, with nothing
   * done. @throws DaylongError `busy`, `window-too-small`
   */
  async planMessage(turnId: string, parts: readonly PartText[]): Promise<MessagePlan> {
    const { core } = this;
    await core.whenStill();
    if (core.running) throw new DaylongError("busy", "A reply is still running. Wait for it, or stop it first.");
    const turn = core.turnOf(turnId, this.withInstructions(parts));
    const others = core.turns.filter((other) => other.turnId !== turnId && other.phase !== "ahead");
    const left = core.unfinished?.left ?? [];
    const room = planRoom(core.planner, core.limits, [...others, turn], true, turn, [], left);
    const kept = new Set(room.turnIds);
    return {
      messageTokens: turn.parts.reduce((sum, part) => sum + part.tokens.length, 0),
      promptTokens: room.additions.reduce((sum, addition) => sum + addition.tokens.length, 0),
      forgottenTurnIds: others.map((other) => other.turnId).filter((id) => !kept.has(id)),
      forgottenAttachmentIds: room.forgottenAttachmentIds,
      omittedTokens: room.omitted,
    };
  }

  /**
   * Evaluates attachments of a message that is still being typed; parts no longer given are erased. Gives way to every
   * other operation, at the end of an attachment where it can; its own message waits for it.
   */
  evaluateAhead(turnId: string, parts: readonly PartText[]): Promise<void> {
    return this.ahead.read(turnId, parts);
  }

  /** The system prompt never moves; changed instructions stand before the next user message. */
  changeInstructions(text: string): void {
    const id = `instructions.${++this.instructionCount}`;
    this.instructions = { id, kind: "text", text: `[Instructions from now on: ${text}]\n\n` };
  }

  /** Forgets everything but the head. */
  reset(): Promise<void> {
    return this.core.exclusively(async () => {
      this.core.unfinished = undefined;
      this.broughtBack.clear();
      await this.core.rollBack([]);
    });
  }

  /** The turns in front of the newest one: those behind it were brought back, and go again. */
  private turnsBefore(newest: CachedTurn | undefined): CachedTurn[] {
    const place = newest === undefined ? -1 : this.core.turns.indexOf(newest);
    const before = place < 0 ? this.core.turns : this.core.turns.slice(0, place);
    return before.filter((turn) => turn.phase !== "ahead");
  }

  /** Behind the attachments, which may have been evaluated before the instructions changed. */
  private withInstructions(parts: readonly PartText[]): readonly PartText[] {
    if (this.instructions === undefined) return parts;
    const place = parts.findLastIndex((part) => part.kind === "attachment") + 1;
    return [...parts.slice(0, place), this.instructions, ...parts.slice(place)];
  }

  /** Changed instructions are said once, unless the message that held them was given up. */
  private instructed(outcome: ReplyOutcome): ReplyOutcome {
    if (this.core.turns.some((turn) => turn.turnId === outcome.turnId)) this.instructions = undefined;
    return outcome;
  }

  private answeredTurn(settings: ReplySettings): CachedTurn {
    const newest = this.newestTurn;
    assertIs(newest, settings);
    if (newest?.phase === "answered") return newest;
    throw new DaylongError("nothing-to-regenerate", "There is no reply to work on yet: send a message first.");
  }

  private assertPinFits(size: number): void {
    const pinned = this.core.turns.filter((turn) => turn.pinned).flatMap((turn) => this.core.segmentsOf(turn));
    assertPinFits(size, countTokens(pinned), this.core.setup.contextSize, this.headTokens);
  }
}

/** A turn that was brought back may have pushed the newest one out: another's reply must not be touched for it. */
function assertIs(newest: CachedTurn | undefined, { newestTurnId }: ReplySettings): void {
  if (newestTurnId === undefined || newest?.turnId === newestTurnId) return;
  throw new DaylongError(
    "reply-forgotten",
    "The model no longer has this reply in its window, so it cannot go on with it. Regenerate it, or ask again.",
  );
}
