import { toErrorData, type ErrorData } from "../base/errors.ts";
import type { CacheState, Engine, TurnResult, WrittenReply } from "../engine/engine.ts";
import type { ErrorView, TurnView } from "../messages/chatMessages.ts";
import type { ChatHost } from "./chatHost.ts";
import { replyOptionsOf } from "./engineOptions.ts";
import { answeredTurn, failedTurn, pendingTurn } from "./replyOutcome.ts";
import { userMessageOf, type Transcript } from "./transcript.ts";

/** What the engine is to do for a turn once the model is there. */
export type ReplyKind = "send" | "regenerate" | "editLast" | "continueReply";

export interface ReplyRunnerOptions {
  readonly engine: Engine;
  readonly host: ChatHost;
  readonly transcript: Transcript;
  /** Makes sure that the model is there and knows the conversation, but for this turn. */
  readonly loadModel: (exceptTurn?: string) => Promise<void>;
  readonly describe: (error: ErrorData) => ErrorView;
  readonly onDidChangeBusy: (busy: boolean) => void;
  /** Before the turn is shown as answered. */
  readonly onDidAnswer: (turnId: string, replyTokenIds: readonly number[]) => void;
  readonly onDidRemember: (cache: CacheState) => void;
}

interface Answer {
  readonly result: TurnResult;
  /** The part of the reply that was there already. */
  readonly before: string;
}

/** Runs replies, one at a time, each from beginning to end. */
export class ReplyRunner {
  private stopping: AbortController | undefined;
  private settled: Promise<void> = Promise.resolve();
  private kind: ReplyKind = "send";
  /** The turn that the engine takes for the newest; undefined where it has none of ours. */
  answeredId: string | undefined;

  constructor(private readonly options: ReplyRunnerOptions) {}

  get busy(): boolean {
    return this.stopping !== undefined;
  }

  /** The turn that is being answered. */
  get runningId(): string | undefined {
    return this.busy ? this.options.transcript.last?.id : undefined;
  }

  /** What runs. */
  get runningKind(): ReplyKind | undefined {
    return this.busy ? this.kind : undefined;
  }

  /** Asks the running reply to stop. */
  stop(): void {
    this.stopping?.abort();
  }

  /** Resolves when no reply runs. */
  whenSettled(): Promise<void> {
    return this.settled;
  }

  /** Never rejects: what goes wrong is shown at the turn. */
  async run(turn: TurnView, kind: ReplyKind): Promise<void> {
    const { transcript, onDidChangeBusy } = this.options;
    const stopping = new AbortController();
    this.stopping = stopping;
    this.kind = kind;
    const keepsReply = kind === "continueReply";
    transcript.change(turn.id, pendingTurn(keepsReply));
    onDidChangeBusy(true);
    const run = this.answer(turn, kind, stopping.signal).then(
      (answer) => {
        if (answer !== undefined) this.finish(answer.result, answer.before);
      },
      (error: unknown) => this.fail(turn, kind, error),
    );
    this.settled = run.then(() => {
      this.stopping = undefined;
      onDidChangeBusy(false);
    });
    await this.settled;
  }

  /**
   * The model had written more of its newest reply than its window was told before that went away. The words are not
   * lost, and nothing is computed twice for them: the transcript takes them over.
   */
  adopt(written: WrittenReply | undefined): void {
    const { transcript, onDidAnswer } = this.options;
    const turn = written === undefined ? undefined : transcript.find(written.turnId);
    if (written === undefined || turn === undefined) return;
    const { turnId, text, tokenIds, stopReason } = written;
    if (!text.startsWith(turn.reply)) return;
    const isWhole = stopReason === "end" || stopReason === "stopString";
    if (turn.reply === text && (!isWhole || turn.status === "done")) return;
    transcript.append(turnId, "reply", text.slice(turn.reply.length));
    onDidAnswer(turnId, tokenIds);
    if (isWhole) transcript.change(turnId, { status: "done", note: "", error: null });
  }

  /** Undefined: stopped before the model had begun, or there is nothing left to say. */
  private async answer(turn: TurnView, kind: ReplyKind, signal: AbortSignal): Promise<Answer | undefined> {
    const { engine, host, transcript, loadModel } = this.options;
    const { id } = turn;
    const stopped = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    // A reply that is to be continued belongs to what the model must know; one that is to be replaced does not.
    await Promise.race([loadModel(kind === "continueReply" ? undefined : id), stopped]);
    if (signal.aborted) {
      transcript.change(id, { status: "stopped", note: "stopped" });
      return undefined;
    }
    const now = transcript.find(id) ?? turn;
    if (kind === "continueReply" && now.status === "done") return undefined;
    transcript.change(id, { remembered: true });
    const options = { ...replyOptionsOf(host.settings()), newestTurnId: id };
    const message = userMessageOf(now);
    const isNewest = this.answeredId === id;
    this.answeredId = id;
    const ask = (): Promise<TurnResult> => {
      if (kind === "continueReply") return engine.continueReply(options, signal);
      if (kind === "send" || !isNewest) return engine.send(message, options, signal);
      const replaced =
        kind === "regenerate" ? engine.regenerate(options, signal) : engine.editLast(message, options, signal);
      // Forgotten meanwhile, for a turn that was brought back: there is nothing to replace, the message is asked anew.
      return replaced.catch((error: unknown) => {
        if (toErrorData(error).code !== "reply-forgotten") throw error;
        return engine.send(message, options, signal);
      });
    };
    return { result: await ask(), before: kind === "continueReply" ? now.reply : "" };
  }

  private finish(result: TurnResult, before: string): void {
    const { transcript, onDidAnswer, onDidRemember } = this.options;
    onDidAnswer(result.turnId, result.replyTokenIds);
    transcript.change(result.turnId, answeredTurn(result, before));
    onDidRemember(result.cache);
  }

  /** `before`: the turn as it was. */
  private fail(before: TurnView, kind: ReplyKind, error: unknown): void {
    const { id } = before;
    const { host, transcript, describe } = this.options;
    const data = toErrorData(error);
    host.log(`reply failed: ${data.code}: ${data.detail ?? data.message}`);
    this.answeredId = undefined;
    const now = transcript.find(id);
    if (now === undefined) return;
    // A reply that was to be replaced, and of whose successor nothing came, is not lost.
    const isKept = kind === "regenerate" && now.reply === "" && now.thought === "";
    const { reply, thought, thoughtMs, timeToFirstTokenMs, tokensPerSecond, replyTokens } = before;
    const kept = isKept ? { reply, thought, thoughtMs, timeToFirstTokenMs, tokensPerSecond, replyTokens } : {};
    transcript.change(id, { ...kept, ...failedTurn(now, data, describe(data)) });
  }
}
