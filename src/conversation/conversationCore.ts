import { DaylongError } from "../base/errors.ts";
import { Cache, type Addition } from "./cache.ts";
import { CachePlanner } from "./cachePlan.ts";
import type { ChatTemplate } from "./chatTemplate.ts";
import type { OwedTokens, WrittenText } from "./conversationState.ts";
import type { ConversationListener, PartText, ReplyOutcome, ReplySettings, StopFlag } from "./conversationTypes.ts";
import { DetourQueue } from "./detourQueue.ts";
import { prefill, StoppedError } from "./evaluation.ts";
import { evictionLimits, type EvictionLimits } from "./evictionPlan.ts";
import { generateReply } from "./generation.ts";
import type { SystemPlacement } from "./layout.ts";
import { mostPinned } from "./pinLimit.ts";
import { ReplyRun } from "./replyRun.ts";
import { makeRoomForReply, prepare, type RoomResult } from "./room.ts";
import { countTokens, Segment } from "./segment.ts";
import type { Token, Tokenizer, TokenSequence } from "./tokenSequence.ts";
import type { CachedTurn } from "./turn.ts";

export interface ConversationSetup {
  readonly sequence: TokenSequence;
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate;
  readonly placement: SystemPlacement;
  readonly systemPrompt: string;
  /** Tokens, as the context was created. */
  readonly contextSize: number;
  /** Whether kept cells can be moved; if not, each eviction evaluates them anew, so there are fewer. */
  readonly shiftable: boolean;
  /** Tokens evaluated at a time while a prompt is read: stop and detours wait for at most one chunk. */
  readonly chunkTokens: number;
  readonly listener: ConversationListener;
  /** Milliseconds, growing. */
  readonly clock: () => number;
}

/** A reply that was sampled but not evaluated to its end: its last tokens go in with whatever comes next. */
interface Unfinished {
  readonly run: ReplyRun;
  readonly left: readonly Addition[];
}

/** The state of a streaming conversation, and the steps that its operations are made of. */
export class ConversationCore {
  readonly cache: Cache;
  readonly planner: CachePlanner;
  readonly limits: EvictionLimits;
  readonly headTokens: number;
  readonly detours = new DetourQueue();
  /** Turns in the window, in cache order. */
  turns: CachedTurn[] = [];
  unfinished: Unfinished | undefined;
  /** The reply that was written last; a turn that is not in the window any more may have been its. */
  written: WrittenText | undefined;
  running = false;
  /** Somebody has the cells for itself: operations wait for this. */
  still: Promise<void> | undefined;
  /** What runs gives way to whatever comes. */
  private giveWay: (() => void) | undefined;
  /** Resolves when what runs has ended. */
  private ended: Promise<void> = Promise.resolve();
  /** What the last operation was going to evaluate of the reply before it; it is owed again if that was given up. */
  private owed: { readonly unfinished: Unfinished; readonly length: number } | undefined;

  /** @throws DaylongError `window-too-small` */
  constructor(readonly setup: ConversationSetup) {
    this.cache = new Cache(setup.sequence);
    this.limits = evictionLimits(setup.contextSize, setup.shiftable);
    this.planner = new CachePlanner(this.cache, setup.tokenizer, setup.template, setup.placement, setup.systemPrompt);
    this.headTokens = this.planner.headTokens();
    if (this.limits.lowWater - this.headTokens < 32) {
      throw new DaylongError(
        "window-too-small",
        `A window of ${setup.contextSize} tokens leaves no room for a conversation beside the system prompt ` +
          `(${this.headTokens} tokens). Choose a larger window or a shorter system prompt.`,
      );
    }
  }

  async answer(
    turn: CachedTurn,
    turns: readonly CachedTurn[],
    settings: ReplySettings,
    stop: StopFlag | undefined,
  ): Promise<ReplyOutcome> {
    if (turn.parts.every((part) => part.tokens.length === 0)) {
      throw new DaylongError("message-empty", "There is nothing to send: the message is empty.");
    }
    // A message that is replaced was not forgotten: only what was to stay can be.
    const before = { ...this.marks(), turnIds: turns.map((other) => other.turnId) };
    this.written = { turnId: turn.turnId, text: "", stopReason: "stopped" };
    const room = await this.reach(turns, true, turn, []);
    const run = this.runFor(turn, room.opening);
    let additions = room.additions;
    try {
      additions = await prefill(this.cache, additions, true, this.steps(turn.turnId, stop, run));
    } catch (error) {
      const others = this.turns.filter((other) => other !== turn);
      if (!(error instanceof StoppedError)) {
        // What was read of it is not wanted any more: the next operation erases it.
        this.turns = others;
        throw error;
      }
      await this.rollBack(others);
      return { ...this.outcome(turn, run, before, 0, room.omitted), stopReason: "stopped" };
    }
    if (additions.every((addition) => addition.tokens.length === 0)) additions = await this.lastTokenAgain();
    const promptTokens = room.additions.reduce((sum, addition) => sum + addition.tokens.length, 0);
    turn.phase = "answered";
    return this.generate(turn, run, additions, settings, stop, before, promptTokens, room.omitted);
  }

  private async generate(
    turn: CachedTurn,
    run: ReplyRun,
    prompt: readonly Addition[],
    settings: ReplySettings,
    stop: StopFlag | undefined,
    before: Marks,
    promptTokens: number,
    omitted: number,
  ): Promise<ReplyOutcome> {
    this.unfinished = undefined;
    const { sampled: sampledBefore, text, thought } = run;
    const written = this.written?.turnId === turn.turnId ? this.written.text : undefined;
    const result = await generateReply(this.setup, this.cache, run, prompt, settings, stop, {
      room: async () => this.makeRoom(turn),
      between: async () => this.detours.runAll(run),
    });
    const left = run.finish(this.cache);
    // Cells of a stop string: it was sampled, but is no part of the reply.
    if (this.cache.floating > 0) await this.cache.eraseTail(countTokens(this.cache.segments));
    this.unfinished = result.stopReason === "end" ? undefined : { run, left };
    this.releasePin(turn);
    this.setup.listener.onCache();
    const { firstTokenAt, ...rest } = result;
    const outcome = this.outcome(turn, run, before, promptTokens, omitted);
    const added = run.text.slice(text.length);
    const { stopReason } = result;
    this.written = written === undefined ? undefined : { turnId: turn.turnId, text: written + added, stopReason };
    return {
      ...outcome,
      ...rest,
      text: added,
      thought: run.thought.slice(thought.length),
      replyTokens: run.sampled - sampledBefore,
      replyTokenIds: run.replyTokens(left),
      timeToFirstTokenMs: firstTokenAt - before.start,
    };
  }

  /** A pinned turn whose reply has outgrown the room for pins is pinned no longer: `CacheState.pinnedTurnIds` tells. */
  private releasePin(turn: CachedTurn): void {
    const pinned = this.turns.filter((other) => other.pinned).flatMap((other) => this.segmentsOf(other));
    if (countTokens(pinned) > mostPinned(this.setup.contextSize, this.headTokens)) turn.pinned = false;
  }

  /** Goes on with a reply that was stopped, cut short, or brought back after a restart. */
  async goOn(turn: CachedTurn, settings: ReplySettings, stop: StopFlag | undefined): Promise<ReplyOutcome> {
    const before = this.marks();
    const { unfinished } = this;
    // A reply that met a stop string has ended: what comes now is read anew.
    const open = unfinished?.run.metStopString === true ? undefined : unfinished?.run;
    const run = open ?? this.runFor(turn, "", this.cache.content(turn.replyId));
    const prompt = unfinished?.left ?? [];
    if (unfinished === undefined) {
      // What stands behind the reply (glue that ends it, turns that were brought back) goes.
      const end = this.cache.segments.findIndex((segment) => segment.key === turn.replyId && !segment.isGlue) + 1;
      this.turns = this.turns.slice(0, this.turns.indexOf(turn) + 1);
      await this.cache.keep(this.cache.segments.slice(0, end), new Map(), false);
    }
    const last = prompt.length > 0 ? prompt : await this.lastTokenAgain();
    return this.generate(turn, run, last, settings, stop, before, 0, 0);
  }

  private async makeRoom(live: CachedTurn): Promise<boolean> {
    const result = await makeRoomForReply(this.cache, this.planner, this.limits, this.turns, live);
    if (result === undefined) return true;
    this.turns = result.turns;
    this.setup.listener.onCache();
    return result.freed > 0 || this.cache.length < this.setup.sequence.capacity - 1;
  }

  /** Erases what is not wanted, forgets what must go, and says what has to be evaluated. */
  private async reach(
    turns: readonly CachedTurn[],
    prompt: boolean,
    live: CachedTurn | undefined,
    replies: CachedTurn["parts"],
  ): Promise<RoomResult> {
    const room = await prepare(
      this.cache,
      this.planner,
      this.limits,
      turns,
      prompt,
      live,
      replies,
      this.unfinished?.left ?? [],
    );
    this.owed = this.unfinished && {
      unfinished: this.unfinished,
      length: this.unfinished.run.replySegment.tokens.length,
    };
    this.unfinished = undefined;
    this.turns = room.turns;
    this.setup.listener.onCache();
    return room;
  }

  /** Makes the cache hold these turns, without a generation prompt. */
  async commit(turns: readonly CachedTurn[], stop: StopFlag | undefined, replies: CachedTurn["parts"]): Promise<void> {
    const last = turns.at(-1);
    const room = await this.reach(turns, false, last?.phase === "ahead" ? last : undefined, replies);
    await prefill(this.cache, room.additions, false, this.steps(turns.at(-1)?.turnId ?? "", stop, undefined));
    this.setup.listener.onCache();
  }

  /** A message was given up while it was read: everything behind the turns that stay is erased. */
  async rollBack(turns: CachedTurn[]): Promise<void> {
    this.turns = turns;
    const plan = this.planner.plan(turns, false);
    await this.cache.keep(plan.kept, new Map(), false);
    const run = this.owed?.unfinished.run;
    // A thought is cut out for good by the message that follows it, even if that message is given up.
    const whole = run !== undefined && run.openThought === undefined && plan.kept.includes(run.replySegment);
    if (whole && run.replySegment.tokens.length === this.owed?.length) this.unfinished = this.owed.unfinished;
    this.setup.listener.onCache();
  }

  /** What a stopped reply owes, if all of it belongs to the reply: a thought cannot be gone on with later. */
  owedTokens(): OwedTokens | undefined {
    if (this.unfinished === undefined) return undefined;
    const { run, left } = this.unfinished;
    const turn = this.turns.find(({ replyId }) => replyId === run.replySegment.key);
    const isPlain = run.openThought === undefined && left.every(({ segment }) => segment === run.replySegment);
    if (turn === undefined || left.length === 0 || !isPlain) return undefined;
    return { turnId: turn.turnId, tokens: left.flatMap(({ tokens }) => [...tokens]) };
  }

  /** Takes over what a reply owed when its snapshot was written. */
  adoptOwed({ turnId, tokens }: OwedTokens): void {
    const turn = this.turns.find((candidate) => candidate.turnId === turnId);
    const segment = turn === undefined ? undefined : this.cache.content(turn.replyId);
    if (turn === undefined || segment === undefined) return;
    this.unfinished = { run: this.runFor(turn, "", segment), left: [{ segment, tokens }] };
  }

  /** Evaluates what a stopped reply still owes, so that a detour finds the conversation as it was read. */
  async flushUnfinished(): Promise<void> {
    if (this.unfinished === undefined || this.unfinished.left.length === 0) return;
    await prefill(this.cache, this.unfinished.left, false, this.steps("", undefined, undefined));
    this.unfinished = { run: this.unfinished.run, left: [] };
  }

  async evaluateLastAgain(): Promise<void> {
    await prefill(this.cache, await this.lastTokenAgain(), false, this.steps("", undefined, undefined));
  }

  /** The last token of the cache, to be decoded again because its logits are gone. */
  private async lastTokenAgain(): Promise<Addition[]> {
    const last = await this.cache.takeLast();
    return last === undefined ? [] : [{ segment: last.segment, tokens: [last.token], again: true }];
  }

  private steps(id: string, stop: StopFlag | undefined, run: ReplyRun | undefined): Parameters<typeof prefill>[3] {
    return {
      chunkTokens: this.setup.chunkTokens,
      stop,
      onProgress: (done, total) => this.setup.listener.onPrefill(id, done, total),
      between: async () => {
        if (run !== undefined && this.cache.segments.at(-1)?.isGlue === false) await this.detours.runAll(undefined);
      },
    };
  }

  private runFor(turn: CachedTurn, opening: string, replySegment?: Segment): ReplyRun {
    const { template, tokenizer, listener } = this.setup;
    return new ReplyRun({
      tokenizer,
      tags: template.thoughtTags,
      stopStrings: template.stopStrings,
      opened: template.thoughtTags.find((tags) => opening.trimEnd().endsWith(tags.open.trimEnd())),
      turnId: turn.turnId,
      replySegment: replySegment ?? new Segment("reply", turn.replyId, turn.turnId),
      onText: (channel, text) => listener.onText(turn.turnId, channel, text),
    });
  }

  /** @param replyName tells apart two texts of one reply, where the cache may hold the other one */
  newTurn(turnId: string, texts: readonly PartText[], replyName = "reply"): CachedTurn {
    const turn = this.turnOf(turnId, texts, replyName);
    const before = this.turns.find((other) => other.turnId === turnId)?.parts ?? [];
    for (const part of turn.parts) {
      const old = before.find(({ id }) => id === part.id);
      if (old !== undefined && !isSameList(old.tokens, part.tokens)) this.cache.markStale(part.id);
    }
    return turn;
  }

  /** The same without a note of texts that have changed: for a plan. */
  turnOf(turnId: string, texts: readonly PartText[], replyName = "reply"): CachedTurn {
    return {
      turnId,
      parts: texts.map(({ id, kind, text }) => ({ id, kind, tokens: this.setup.tokenizer.encode(text, false) })),
      replyId: `${turnId}.${replyName}`,
      phase: "asked",
      pinned: false,
    };
  }

  segmentsOf(turn: CachedTurn): readonly Segment[] {
    return this.cache.segments.filter((segment) => segment.turnId === turn.turnId);
  }

  private marks(): Marks {
    return {
      start: this.setup.clock(),
      shifts: this.cache.shifts,
      reprocessed: this.cache.reprocessed,
      turnIds: this.turns.map((turn) => turn.turnId),
    };
  }

  private outcome(turn: CachedTurn, run: ReplyRun, before: Marks, promptTokens: number, omitted: number): ReplyOutcome {
    const kept = new Set(this.turns.map((other) => other.turnId));
    return {
      turnId: turn.turnId,
      text: run.text,
      thought: run.thought,
      stopReason: "end",
      promptTokens,
      replyTokens: run.sampled,
      replyTokenIds: [],
      evictedTurnIds: before.turnIds.filter((id) => !kept.has(id)),
      shifts: this.cache.shifts - before.shifts,
      reprocessedTokens: this.cache.reprocessed - before.reprocessed,
      omittedTokens: omitted,
      timeToFirstTokenMs: this.setup.clock() - before.start,
      generationMs: 0,
      thoughtMs: 0,
    };
  }

  /** Holds back operations while `work` has the cells for itself: a snapshot, a detour outside a reply. */
  async whileStill<T>(work: () => Promise<T>): Promise<T> {
    const working = work();
    const still = working.then(
      () => undefined,
      () => undefined,
    );
    this.still = still;
    try {
      return await working;
    } finally {
      if (this.still === still) this.still = undefined;
    }
  }

  /** Resolves when nobody has the cells for itself, and what gives way has ended. */
  async whenStill(): Promise<void> {
    while (this.still !== undefined || this.giveWay !== undefined) await (this.still ?? this.ended);
  }

  /** @param giveWay asks `work` to end: it makes room for every other operation */
  async exclusively<T>(work: () => Promise<T>, giveWay?: () => void): Promise<T> {
    while (this.still !== undefined || this.giveWay !== undefined) {
      this.giveWay?.();
      await (this.still ?? this.ended);
    }
    if (this.running) throw new DaylongError("busy", "A reply is still running. Wait for it, or stop it first.");
    this.running = true;
    this.giveWay = giveWay;
    let end = (): void => undefined;
    this.ended = new Promise((resolve) => (end = resolve));
    try {
      // An operation that failed half-way may have left cells that the books do not know: they go.
      if (this.cache.floating > 0) await this.cache.eraseTail(countTokens(this.cache.segments));
      const result = await work();
      await this.detours.runAll(undefined);
      return result;
    } finally {
      this.running = false;
      this.giveWay = undefined;
      this.detours.rejectAll();
      end();
    }
  }
}

export function isSameList(left: readonly Token[], right: readonly Token[]): boolean {
  return left.length === right.length && left.every((token, index) => token === right[index]);
}

interface Marks {
  readonly start: number;
  readonly shifts: number;
  readonly reprocessed: number;
  readonly turnIds: readonly string[];
}
