import assert from "node:assert/strict";
import fc from "fast-check";
import { DaylongError } from "../../src/base/errors.ts";
import type { DetourResult, MessagePart } from "../../src/engine/engine.ts";
import { promptOf } from "../fixtures/engine/prompts.ts";
import { WatchedEngine } from "../fixtures/engine/watchedEngine.ts";

type Operation =
  | {
      readonly op: "send";
      readonly prompt: number;
      /** Sentences pasted in front of the prompt. */
      readonly paste: number;
      readonly attach: readonly number[];
      readonly reply: "greedy" | "wild" | "cut";
      /** Token at which a detour is asked for or the reply is stopped; 0: none. */
      readonly detourAt: number;
      readonly stopAt: number;
    }
  | { readonly op: "edit"; readonly prompt: number }
  | { readonly op: "regenerate" | "continue"; readonly seed: number }
  | { readonly op: "pin" | "unpin" | "bringBack"; readonly pick: number }
  | { readonly op: "ahead"; readonly attach: readonly number[] }
  | { readonly op: "detour" | "stopInPrefill" | "instructions" | "reset" };

const prompt = fc.nat(60);
const attach = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 2 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      op: fc.constant("send" as const),
      prompt,
      paste: fc.constantFrom(0, 0, 0, 3, 15, 50),
      attach,
      reply: fc.constantFrom("greedy" as const, "greedy" as const, "wild" as const, "cut" as const),
      detourAt: fc.constantFrom(0, 0, 1, 9),
      stopAt: fc.constantFrom(0, 0, 0, 1, 7),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("edit" as const), prompt }) },
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constantFrom("regenerate" as const, "continue" as const), seed: fc.nat(99) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ op: fc.constantFrom("pin" as const, "unpin" as const, "bringBack" as const), pick: prompt }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("ahead" as const), attach }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constantFrom("detour" as const, "stopInPrefill" as const, "instructions" as const, "reset" as const),
    }),
  },
);

const sentence = "The green cache is 47. ";

/** Performs operations on a watched engine as a user might. */
class Player {
  private count = 0;
  private ahead: { turnId: string; parts: MessagePart[] } | undefined;

  constructor(private readonly watched: WatchedEngine) {}

  async perform(operation: Operation): Promise<void> {
    this.count++;
    try {
      await this.dispatch(operation);
    } catch (error) {
      // What the engine refuses, it refuses with a code and without harm.
      if (!(error instanceof DaylongError)) throw error;
      assert(["pins-full", "nothing-to-regenerate", "window-too-small"].includes(error.code), error.message);
    }
    this.watched.onToken = () => undefined;
    this.watched.assertInvariants();
  }

  private async dispatch(operation: Operation): Promise<void> {
    const { watched, count } = this;
    switch (operation.op) {
      case "send":
        return this.send(operation);
      case "edit":
        this.ahead = undefined;
        await watched.editLast(`t${count}`, promptOf(operation.prompt));
        return;
      case "regenerate":
        this.ahead = undefined;
        assert((await watched.regenerate(watched.wild(operation.seed, 30))).reprocessedTokens <= 1);
        return;
      case "continue":
        if (this.ahead !== undefined) return;
        assert((await watched.continueReply(watched.wild(operation.seed, 30))).reprocessedTokens <= 1);
        return;
      case "pin":
      case "bringBack":
      case "unpin":
        return this.move(operation.op, operation.pick);
      case "ahead":
        return this.evaluateAhead(operation.attach);
      case "detour":
        return this.detour();
      case "stopInPrefill":
        return this.stopInPrefill();
      case "instructions":
        return watched.engine.changeInstructions(`be number ${count}`);
      case "reset":
        this.ahead = undefined;
        await watched.engine.reset();
    }
  }

  private async send(operation: Extract<Operation, { op: "send" }>): Promise<void> {
    const { watched, count } = this;
    const turnId = this.ahead?.turnId ?? `t${count}`;
    const parts = [
      ...(this.ahead?.parts ?? []),
      ...this.attachments(operation.attach),
      watched.text(turnId, sentence.repeat(operation.paste) + promptOf(operation.prompt)),
    ];
    this.ahead = undefined;
    const options = { greedy: watched.greedy(), wild: watched.wild(count, 60), cut: watched.greedy({ maxTokens: 5 }) };
    const stop = new AbortController();
    const detours: Promise<DetourResult>[] = [];
    watched.onToken = (token) => {
      if (token === operation.stopAt) stop.abort();
      if (token === operation.detourAt) detours.push(watched.detour("What is the loud window?", 8));
    };
    const result = await watched.sendParts(turnId, parts, options[operation.reply], stop.signal);
    await Promise.all(detours);
    assert.equal(result.reprocessedTokens, 0);
    assert(operation.stopAt === 0 || result.replyTokens <= operation.stopAt || operation.stopAt > 5);
  }

  private async move(op: "pin" | "unpin" | "bringBack", pick: number): Promise<void> {
    const { watched } = this;
    const turnIds = [...watched.turns.keys()];
    const turnId = turnIds[pick % Math.max(1, turnIds.length)];
    if (turnId === undefined) return;
    if (op === "unpin") {
      await watched.engine.unpin(turnId);
      return;
    }
    if (watched.conversation.rememberedTurns.every((turn) => turn.turnId !== turnId)) this.ahead = undefined;
    await watched.remember(turnId, op);
  }

  private async evaluateAhead(attach: readonly number[]): Promise<void> {
    const parts = this.attachments(attach);
    const turnId = `t${this.count}`;
    this.watched.note(parts);
    await this.watched.engine.evaluateAhead(turnId, parts);
    this.ahead = parts.length === 0 ? undefined : { turnId, parts };
  }

  private async detour(): Promise<void> {
    const { watched } = this;
    const before = [...watched.engine.opened.sequence.tokens];
    await watched.detour("What is the loud window?", 8);
    const after = watched.engine.opened.sequence.tokens;
    assert.deepEqual(after.slice(0, before.length), before, "a detour leaves no trace");
    assert(before.length === 0 || after.length - before.length <= 1, "but what a stopped reply owed");
  }

  private async stopInPrefill(): Promise<void> {
    const { watched, count } = this;
    this.ahead = undefined;
    const stop = new AbortController();
    stop.abort();
    const parts = [watched.text(`t${count}`, sentence.repeat(20))];
    watched.note(parts);
    const result = await watched.engine.send({ turnId: `t${count}`, parts }, watched.greedy(), stop.signal);
    assert.deepEqual([result.stopReason, result.replyTokens], ["stopped", 0]);
  }

  private attachments(sizes: readonly number[]): MessagePart[] {
    return sizes.map((size, index) =>
      this.watched.attachment(`t${this.count}.file.${index}`, sentence.repeat(size) + String(this.count)),
    );
  }
}

describe("random operations on the demo model", () => {
  let watched: WatchedEngine;
  before(async () => {
    watched = await WatchedEngine.open();
  });
  after(() => watched.engine.dispose());

  it("keep the invariants after each of hundreds", async () => {
    let performed = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 15, maxLength: 30, size: "max" }), async (operations) => {
        await watched.start();
        const player = new Player(watched);
        for (const operation of operations) {
          await player.perform(operation);
          performed++;
        }
      }),
      { numRuns: 12, interruptAfterTimeLimit: 100_000 },
    );
    assert(performed >= 200, `${performed} operations`);
  });
});
