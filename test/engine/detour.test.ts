import assert from "node:assert/strict";
import type { DetourResult, ReplyOptions, TurnResult } from "../../src/engine/engine.ts";
import { promptOf } from "../fixtures/engine/prompts.ts";
import { readState, type SavedState } from "../fixtures/engine/stateFile.ts";
import { WatchedEngine } from "../fixtures/engine/watchedEngine.ts";
import { temporaryFolder } from "../fixtures/gguf/temporaryFolder.ts";

const question = "What does this mean: const total = items.length;";

interface Outcome {
  readonly replies: readonly (readonly number[])[];
  readonly results: readonly TurnResult[];
  readonly state: SavedState;
}

describe("detours on the demo model", () => {
  const path = temporaryFolder();
  let watched: WatchedEngine;
  before(async () => {
    watched = await WatchedEngine.open();
  });
  beforeEach(() => watched.start());
  afterEach(() => watched.assertInvariants());
  after(() => watched.engine.dispose());

  /** Replies to these prompts, with a detour at every 10th token of each if so wished. */
  async function chat(
    prompts: readonly string[],
    options: (turn: number) => ReplyOptions,
    withDetours: boolean,
  ): Promise<Outcome> {
    await watched.engine.reset();
    const asked: Promise<DetourResult>[] = [];
    const before = watched.conversation.detourTokens;
    watched.onToken = (count) => {
      if (withDetours && count % 10 === 0) asked.push(watched.detour(question, 12));
    };
    const results: TurnResult[] = [];
    for (const [turn, prompt] of prompts.entries()) {
      results.push(await watched.send(`t${turn}`, prompt, options(turn)));
      watched.assertInvariants();
    }
    watched.onToken = () => undefined;
    const detours = await Promise.all(asked);
    const tokens = results.reduce((sum, result) => sum + Math.floor(result.replyTokens / 10), 0);
    assert.equal(detours.length, withDetours ? tokens : 0, "one at every 10th token");
    const counted = detours.reduce((sum, detour) => sum + detour.promptTokens + detour.replyTokens, 0);
    const served = watched.conversation.detourTokens - before;
    // The last token that a detour samples is never evaluated, be it the end of its answer or the last one allowed.
    const unevaluated = detours.filter((detour) => detour.stopReason !== "end").length;
    assert.equal(served, counted - unevaluated, "counted apart");
    assert(detours.every((detour) => detour.text.length > 0 && !detour.cut));
    const replies = prompts.map((_, turn) => watched.replies.get(`t${turn}`) ?? []);
    return { replies, results, state: await readState(watched.librarySequence, path("state")) };
  }

  async function assertNoTrace(prompts: readonly string[], options: (turn: number) => ReplyOptions): Promise<Outcome> {
    const plain = await chat(prompts, options, false);
    const withDetours = await chat(prompts, options, true);
    assert.deepEqual(withDetours.replies, plain.replies, "token for token the same replies");
    assert.deepEqual(withDetours.state.tokens, plain.state.tokens, "the same tokens in the cache");
    // The keys of a layer are made of everything that the layers below made of all tokens before.
    plain.state.keys.forEach((layer, index) => {
      layer.forEach((key, position) => {
        assert(withDetours.state.keys[index]?.[position]?.equals(key), `layer ${index}, position ${position}`);
      });
    });
    for (const [turn, result] of withDetours.results.entries()) {
      const other = plain.results[turn];
      assert.equal(result.text, other?.text);
      assert.deepEqual(
        [result.stopReason, result.reprocessedTokens, result.shifts, result.evictedTurnIds],
        [other?.stopReason, 0, other?.shifts, other?.evictedTurnIds],
      );
    }
    return plain;
  }

  it("leave no trace in greedy replies, also after shifts", async () => {
    const prompts = Array.from({ length: 20 }, (_, turn) => (turn % 2 === 0 ? promptOf(2) : promptOf(turn)));
    const { results } = await assertNoTrace(prompts, () => watched.greedy());
    assert((results.at(-1)?.cache.counters.shifts ?? 0) >= 4);
    assert(results.filter((result) => result.replyTokens >= 20).length >= 10);
  });

  it("leave the sampler's state alone", async () => {
    const prompts = Array.from({ length: 10 }, (_, turn) => promptOf(turn));
    await assertNoTrace(prompts, (turn) => ({ sampling: { temperature: 0.9, seed: turn + 1, maxTokens: 65 } }));
  });

  it("leave no trace in a reply that runs over the window", async () => {
    const { results } = await assertNoTrace(["1 2 3 4 5"], () => watched.wild(3, 525));
    assert.equal(results[0]?.replyTokens, 525);
    assert(results[0].shifts >= 2, "shifts in the middle of the reply");
  });

  it("run before the first token too, between two pieces of a long message", async () => {
    const listening = watched.engine.onDidEmit((event) => {
      if (event.type === "prefill" && event.id === "long") asked ??= watched.detour(question);
    });
    let asked: Promise<DetourResult> | undefined;
    await watched.send("long", "Remember that the green cache is 47. ".repeat(30));
    listening.dispose();
    assert(asked !== undefined);
    assert((await asked).replyTokens > 0);
  });

  it("run outside a reply, on an empty conversation, and after a stopped reply", async () => {
    const first = await watched.detour(question);
    assert.equal((await watched.detour(question)).text, first.text);
    assert(first.text.length > 0 && first.stopReason === "end");
    assert.equal(watched.conversation.cache.length, watched.conversation.headTokens, "only the head stays");

    await watched.send("a", promptOf(2), watched.greedy({ stopAfter: 9 }));
    const tokens = [...watched.engine.opened.sequence.tokens];
    await watched.detour(question);
    const last = watched.replies.get("a")?.at(-1);
    assert.deepEqual(watched.engine.opened.sequence.tokens, [...tokens, last], "what the reply owed was evaluated");
    await watched.detour(question);
    assert.deepEqual(watched.engine.opened.sequence.tokens, [...tokens, last]);
    const { again } = watched;
    await watched.continueReply();
    assert.equal(watched.again - again, 1, "the last token once more: its logits are gone");
  });

  it("leave nothing that a snapshot would have to evaluate first, also after shifts", async () => {
    const { conversation, engine } = watched;
    const talk = async (from: number, to: number): Promise<void> => {
      for (let turn = from; turn < to; turn += 1) await watched.send(`t${turn}`, promptOf(turn), watched.greedy());
    };
    await talk(0, 20);
    const straight = await watched.send("next", promptOf(2), watched.greedy());
    assert(straight.cache.counters.shifts >= 2);

    await engine.reset();
    await talk(0, 20);
    await watched.detour(question);
    const { decodedTokens } = engine.opened.sequence;
    const saved = await conversation.settle(async () => {
      await engine.opened.sequence.saveState(path("settled"));
      return true;
    });
    assert.equal(saved, true);
    assert.equal(engine.opened.sequence.decodedTokens, decodedTokens);
    await watched.detour("What is something else?");
    await engine.opened.sequence.loadState(path("settled"));
    const restored = await watched.send("next", promptOf(2), watched.greedy());
    assert.equal(restored.text, straight.text);
    assert.deepEqual(watched.replies.get("next")?.length, straight.replyTokens);
  });

  it("are cut at the end of the window, and say so", async () => {
    await watched.send("a", promptOf(2));
    const long = await watched.detour("const total = items.length; ".repeat(200));
    assert(long.cut, "a question longer than the reserve");
    assert(long.promptTokens < 512);
    watched.assertInvariants();
    const listening: Promise<DetourResult>[] = [];
    watched.onToken = (count) => {
      if (count === 10) listening.push(watched.detour("const total = items.length; ".repeat(200)));
    };
    await watched.send("b", promptOf(2));
    assert.deepEqual(
      (await Promise.all(listening)).map((detour) => detour.cut),
      [true],
    );
  });

  it("wait for each other, in order", async () => {
    const done: string[] = [];
    const asked: Promise<void>[] = [];
    watched.onToken = (count) => {
      if (count !== 5) return;
      for (const name of ["one", "two", "three"]) {
        asked.push(watched.detour(`What is ${name}?`).then((result) => void done.push(name + String(result.cut))));
      }
    };
    await watched.send("a", promptOf(2));
    await Promise.all(asked);
    assert.deepEqual(done, ["onefalse", "twofalse", "threefalse"]);
  });

  it("end when they are cancelled, before and in the middle, and the reply goes on", async () => {
    const plain = await watched.send("a", promptOf(2));
    await watched.engine.reset();
    const early = new AbortController();
    early.abort();
    const late = new AbortController();
    const listening = watched.engine.onDidEmit((event) => {
      if (event.type === "text" && event.id.startsWith("detour.")) late.abort();
    });
    const asked: Promise<DetourResult>[] = [];
    watched.onToken = (count) => {
      if (count !== 7) return;
      asked.push(watched.detour(question, 20, early.signal), watched.detour(question, 20, late.signal));
    };
    const result = await watched.send("a", promptOf(2));
    listening.dispose();
    const [first, second] = await Promise.all(asked);
    assert.deepEqual([first?.stopReason, first?.replyTokens], ["stopped", 0]);
    assert(second?.stopReason === "stopped");
    assert(second.replyTokens < 5, `${second.replyTokens} tokens after the first one`);
    assert.equal(result.text, plain.text);
  });
});
