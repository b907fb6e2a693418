import assert from "node:assert/strict";
import { ChatController } from "../../src/chat/chatController.ts";
import { LlamaEngine } from "../../src/engine/worker/llamaEngine.ts";
import type { ChatState, CountersView, SpanView } from "../../src/messages/chatMessages.ts";
import { initialState, reduce, type ViewState } from "../../webview-ui/state.ts";
import { demoModel } from "../fixtures/engine/paths.ts";
import { promptOf } from "../fixtures/engine/prompts.ts";
import { RandomChat } from "../fixtures/randomChat.ts";
import { MemoryWorkspace } from "../fixtures/memoryWorkspace.ts";
import { RecordingHost } from "../fixtures/recordingHost.ts";

describe("what is shown of the memory, on the demo model", () => {
  let engine: LlamaEngine;
  let host: RecordingHost;
  let controller: ChatController;
  let state: ViewState;
  /** Every picture of the memory on its way to the view. */
  let pictures: { counters: CountersView; spans: readonly SpanView[] }[];

  beforeEach(async () => {
    engine = new LlamaEngine(() => undefined);
    host = new RecordingHost();
    host.settingsNow = { ...host.settingsNow, modelPath: "", temperature: 0, maxTokens: 40 };
    controller = new ChatController({ engine, host, demoModelPath: demoModel, workspace: new MemoryWorkspace() });
    state = initialState;
    pictures = [];
    controller.attach((message: ChatState) => {
      state = reduce(state, structuredClone(message));
      assert.equal(state.stale, false, JSON.stringify(message));
      if (message.type === "memory") pictures.push(message);
    });
    await controller.receive({ type: "ready" });
    await controller.receive({ type: "useDemoModel" });
  });

  afterEach(async () => {
    controller.dispose();
    await engine.close();
  });

  const sum = (spans: readonly SpanView[]): number => spans.reduce((total, span) => total + span.tokens, 0);

  it("equals the engine's after each of 50 random operations, in numbers and in words", async function () {
    this.timeout(120_000);
    const chat = new RandomChat(controller, host, 20260305);
    const kinds = new Set<string>();
    for (let step = 0; step < 50; step += 1) {
      const what = `step ${step}: ${await chat.step()}`;
      kinds.add(chat.lastKind);
      const cache = await engine.cacheState();
      assert.deepEqual(state.spans, cache.spans, what);
      assert.equal(state.counters.windowTokens, cache.counters.windowTokens, what);
      assert.equal(sum(state.spans), cache.counters.windowTokens, what);
      assert.deepEqual(
        state.turns.filter(({ remembered }) => remembered).map(({ id }) => id),
        controller.turns.map(({ id }) => id).filter((id) => cache.rememberedTurnIds.includes(id)),
        what,
      );
      const { sequence, tokenizer } = engine.opened;
      const words = await engine.windowText();
      assert.deepEqual(
        words.map(({ kind, turnId, tokens }) => ({ kind, ...(turnId === undefined ? {} : { turnId }), tokens })),
        cache.spans,
        what,
      );
      const pieces = words.flatMap((span) => span.pieces);
      assert.equal(pieces.map(({ text }) => text).join(""), tokenizer.decode(sequence.tokens, [], true), what);
      assert.equal(
        pieces.reduce((total, { tokens }) => total + tokens, 0),
        sequence.length,
        what,
      );
    }
    assert.ok(kinds.size >= 9, [...kinds].join(", "));
    assert.ok(state.counters.shifts > 3, "the window was overrun");
    for (const { counters, spans } of pictures) {
      assert.equal(sum(spans), counters.windowTokens, "also while something runs");
      assert.equal(
        Object.values(counters.reprocessed).reduce((total, count) => total + count, 0),
        counters.reprocessedTokens,
      );
      assert.equal(counters.reprocessed.recompute, undefined);
    }
    const { regenerate = 0, continueReply = 0, editLast = 0, saving = 0 } = state.counters.reprocessed;
    assert.deepEqual(
      [regenerate, continueReply, editLast, saving],
      [chat.count("regenerate"), 0, 0, 0],
      "one token for another reply, and nothing else",
    );
  });

  it("grows while a reply is written, and shows a side question in the middle of it", async () => {
    host.settingsNow = { ...host.settingsNow, temperature: 1.5, maxTokens: 200 };
    const kinds = new Set<string>();
    let asked: Promise<unknown> | undefined;
    const listening = engine.onDidEmit((event) => {
      for (const { kind } of state.spans) kinds.add(kind);
      if (event.type !== "text" || asked !== undefined || event.id === "side") return;
      asked = engine.detour("side", "What is the red queue?", { sampling: { temperature: 1.5, maxTokens: 150 } });
    });
    // Each look at the growing cache counts here, however fast the machine is.
    Object.defineProperty(engine, "cacheToldAt", { get: () => -1e9, set: () => undefined });
    await controller.receive({ type: "send", text: promptOf(2) });
    await asked;
    listening.dispose();
    assert.deepEqual([...kinds].sort(), ["detour", "head", "live", "turn"].filter((kind) => kinds.has(kind)).sort());
    assert.ok(kinds.has("detour") && kinds.has("live"), [...kinds].join(", "));
    const live = pictures.map(({ spans }) => spans.find(({ kind }) => kind === "live")?.tokens ?? 0);
    assert.ok(new Set(live).size > 10, "the reply is seen to grow");
    assert.ok(pictures.every(({ counters, spans }) => sum(spans) === counters.windowTokens));
    assert.ok(pictures.every(({ counters }) => counters.reprocessedTokens === 0));
    assert.equal(
      state.spans.some(({ kind }) => kind === "detour"),
      false,
      "it leaves no trace",
    );
  });
});
