import { createInterface } from "node:readline";
import { DaylongError, toErrorData } from "../base/errors.ts";
import type { DetourResult, Engine, MessagePart, RememberedTurn, ReplyOptions, TurnResult } from "../engine/engine.ts";
import { parseChatLine, type ChatLine } from "./chatLine.ts";
import { openEngine } from "./openEngine.ts";

export interface ChatArguments {
  readonly modelPath: string;
  readonly contextSize: number | undefined;
  readonly systemPrompt: string;
  readonly reply: ReplyOptions;
  readonly json: boolean;
}

/** Reads turns from standard input until it ends. */
export async function chat(args: ChatArguments): Promise<void> {
  const engine = openEngine();
  try {
    await engine.load({
      modelPath: args.modelPath,
      systemPrompt: args.systemPrompt,
      gpu: "auto",
      ...(args.contextSize === undefined ? {} : { contextSize: args.contextSize }),
    });
    const session = new ChatSession(engine, args);
    for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
      if (line.trim() === "") continue;
      await session.take(line);
    }
  } finally {
    engine.dispose();
    // Whoever writes to it may not end it; an open input would keep this process alive after a failure.
    process.stdin.destroy();
  }
}

class ChatSession {
  private readonly turns: RememberedTurn[] = [];
  private attachmentCount = 0;
  private ahead: MessagePart[] = [];

  constructor(
    private readonly engine: Engine,
    private readonly args: ChatArguments,
  ) {}

  async take(line: string): Promise<void> {
    try {
      await this.perform(parseChatLine(line, this.args.json));
    } catch (error) {
      const { code, message } = toErrorData(error);
      if (!this.args.json) throw error;
      this.print({ error: { code, message } });
      if (["engine-crashed", "engine-stopped", "gpu-lost"].includes(code)) throw error;
    }
  }

  private async perform(line: ChatLine): Promise<void> {
    switch (line.op) {
      case "text":
        return this.send(line);
      case "edit":
        return this.edit(line.text);
      case "regenerate":
        this.report(this.turns.length, await this.engine.regenerate(this.options()));
        return;
      case "continue":
        this.goOn(await this.engine.continueReply(this.options()));
        return;
      case "detour":
        return this.detour(line.text, line.during);
      case "ahead":
        return this.evaluateAhead(line.attachments);
      case "instructions":
        await this.engine.changeInstructions(line.text);
        this.print({ op: line.op });
        return;
      case "pin":
        this.print({ op: line.op, turn: line.turn, ...(await this.engine.pin(this.past(line.turn))).counters });
        return;
      case "unpin":
        this.print({
          op: line.op,
          turn: line.turn,
          ...(await this.engine.unpin(this.past(line.turn).turnId)).counters,
        });
        return;
      case "bringBack":
        this.print({
          op: line.op,
          turn: line.turn,
          ...(await this.engine.bringBack(this.past(line.turn))).counters,
        });
        return;
      case "reset":
        this.print({ op: line.op, ...(await this.engine.reset()).counters });
        this.turns.splice(0);
        this.ahead = [];
        return;
    }
  }

  private async send(line: Extract<ChatLine, { op: "text" }>): Promise<void> {
    const turnId = this.turnId(this.turns.length + 1);
    const parts = [
      ...this.ahead,
      ...line.attachments.map((text) => this.attachment(text)),
      this.part(turnId, line.text),
    ];
    const result = await this.engine.send({ turnId, parts }, this.options(line.stopAfter));
    this.ahead = [];
    this.turns.push({ turnId, parts, reply: result.text, pinned: false });
    this.report(this.turns.length, result);
  }

  private async edit(text: string): Promise<void> {
    const last = this.turns.at(-1);
    if (last === undefined) throw new DaylongError("nothing-to-regenerate", "There is no message to edit yet.");
    const parts = [this.part(`${last.turnId}'`, text)];
    const result = await this.engine.editLast({ turnId: `${last.turnId}'`, parts }, this.options());
    this.turns[this.turns.length - 1] = { turnId: result.turnId, parts, reply: result.text, pinned: false };
    this.report(this.turns.length, result);
  }

  /** What was evaluated ahead before and is given again keeps its name, and so its place in the cache. */
  private async evaluateAhead(texts: readonly string[]): Promise<void> {
    const known = [...this.ahead];
    this.ahead = texts.map((text) => {
      const place = known.findIndex((part) => part.text === text);
      return known.splice(place, place < 0 ? 0 : 1)[0] ?? this.attachment(text);
    });
    const { counters } = await this.engine.evaluateAhead(this.turnId(this.turns.length + 1), this.ahead);
    this.print({ op: "ahead", ...counters });
  }

  private async detour(text: string, during: string | undefined): Promise<void> {
    const ask = (): Promise<DetourResult> => this.engine.detour(`detour.${performance.now()}`, text, this.options());
    if (during === undefined) {
      this.print({ op: "detour", ...(await ask()), ...(await this.engine.cacheState()).counters });
      return;
    }
    let asked: Promise<DetourResult> | undefined;
    const turnId = this.turnId(this.turns.length + 1);
    const listening = this.engine.onDidEmit((event) => {
      if (event.type !== "text" || event.id !== turnId || asked !== undefined) return;
      asked = ask();
      // If the reply fails, so does this, before anybody waits for it.
      asked.catch(() => undefined);
    });
    try {
      await this.send({ op: "text", text: during, attachments: [] });
    } finally {
      listening.dispose();
    }
    this.print({ op: "detour", ...(await (asked ?? ask())), ...(await this.engine.cacheState()).counters });
  }

  private goOn(added: TurnResult): void {
    const before = this.turns.at(-1)?.reply ?? "";
    this.report(this.turns.length, { ...added, text: before + added.text });
  }

  private report(turn: number, result: TurnResult): void {
    const known = this.turns[turn - 1];
    if (known !== undefined) this.turns[turn - 1] = { ...known, reply: result.text };
    const { counters } = result.cache;
    if (!this.args.json) {
      process.stdout.write(`${result.text.trim()}\n`);
      return;
    }
    this.print({
      turn,
      text: result.text,
      thought: result.thought,
      stopReason: result.stopReason,
      promptTokens: result.promptTokens,
      replyTokens: result.replyTokens,
      evictedTurns: result.evictedTurnIds.length,
      shifts: counters.shifts,
      reprocessedTokens: result.reprocessedTokens,
      omittedTokens: result.omittedTokens,
      windowTokens: counters.windowTokens,
      windowSize: counters.windowSize,
      timeToFirstTokenMs: round(result.timeToFirstTokenMs),
      tokensPerSecond: round(result.tokensPerSecond),
    });
  }

  private options(stopAfter?: number): ReplyOptions {
    return { ...this.args.reply, ...(stopAfter === undefined ? {} : { stopAfter }) };
  }

  private past(turn: number): RememberedTurn {
    const past = this.turns[turn - 1];
    if (past === undefined)
      throw new DaylongError("turn-unknown", `There is no turn ${turn}: there are ${this.turns.length} so far.`);
    return past;
  }

  private attachment(text: string): MessagePart {
    return { id: `attachment.${++this.attachmentCount}`, kind: "attachment", text };
  }

  private part(turnId: string, text: string): MessagePart {
    return { id: `${turnId}.text`, kind: "text", text };
  }

  private turnId(turn: number): string {
    return `turn.${turn}`;
  }

  private print(value: object): void {
    process.stdout.write(`${JSON.stringify(value)}\n`);
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
