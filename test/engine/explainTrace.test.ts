import assert from "node:assert/strict";
import { ChatController } from "../../src/chat/chatController.ts";
import { LlamaEngine } from "../../src/engine/worker/llamaEngine.ts";
import type { CodeExcerpt } from "../../src/explain/codeExcerpt.ts";
import { Explainer } from "../../src/explain/explainer.ts";
import { demoModel } from "../fixtures/engine/paths.ts";
import { promptOf } from "../fixtures/engine/prompts.ts";
import { MemoryWorkspace } from "../fixtures/memoryWorkspace.ts";
import { RecordingHost } from "../fixtures/recordingHost.ts";

const excerpt: CodeExcerpt = {
  kind: "explain",
  path: "src/cache.ts",
  languageId: "typescript",
  code: "function openCache(cache: Cache) {\n    return cache.open();\n}",
  firstLine: 3,
  lastLine: 5,
  enclosing: ["class Store"],
  problems: [{ line: 4, severity: "warning", message: "'cache' may be undefined." }],
  imports: ['import type { Cache } from "./cache.ts";'],
  before: ["const limit = 47;", ""],
  after: ["", "const end = limit;"],
  question: "",
};

describe("explanations beside a conversation, on the demo model", () => {
  let engine: LlamaEngine;
  let host: RecordingHost;
  let controller: ChatController;
  let explainer: Explainer;

  beforeEach(async () => {
    engine = new LlamaEngine(() => undefined);
    host = new RecordingHost();
    host.settingsNow = { ...host.settingsNow, modelPath: "", temperature: 0, maxTokens: 60 };
    controller = new ChatController({ engine, host, demoModelPath: demoModel, workspace: new MemoryWorkspace() });
    explainer = new Explainer(controller.sideQuestions, {
      offerModel: () => Promise.resolve(false),
      describe: String,
      partHeading: (first, last) => `${first}-${last}`,
    });
    await controller.receive({ type: "useDemoModel" });
  });

  afterEach(async () => {
    controller.dispose();
    await engine.close();
  });

  interface Outcome {
    readonly replies: readonly string[];
    readonly tokens: readonly number[];
    readonly shifts: number;
  }

  /** Six turns, over the end of the window; with explanations before, in the middle of and after each reply. */
  async function chat(withExplanations: boolean): Promise<Outcome> {
    const explain = async (changes: Partial<CodeExcerpt> = {}): Promise<void> => {
      if (!withExplanations) return;
      const answer = await explainer.explain({ ...excerpt, ...changes }, () => undefined, new AbortController().signal);
      assert.equal(answer.status, "done", answer.error);
      assert.notEqual(answer.text.trim(), "");
    };
    await explain();
    for (let turn = 0; turn < 12; turn += 1) {
      const inReply: Promise<void>[] = [];
      const listening = engine.onDidEmit((event) => {
        if (event.type === "text" && !event.id.startsWith("explain.") && inReply.length === 0) inReply.push(explain());
      });
      await controller.receive({ type: "send", text: promptOf(turn % 2 === 0 ? 2 : turn) });
      await Promise.all(inReply);
      listening.dispose();
    }
    await explain({ code: `${excerpt.code}\n`.repeat(30), lastLine: 92 });
    const state = await engine.cacheState();
    assert.equal(state.counters.reprocessedTokens, 0);
    assert.equal(state.counters.detourTokens > 0, withExplanations);
    return {
      replies: controller.turns.map(({ reply, status }) => `${status}: ${reply}`),
      tokens: [...engine.opened.sequence.tokens],
      shifts: state.counters.shifts,
    };
  }

  it("leave the same tokens in the cache, and the same greedy replies, also after shifts", async () => {
    const plain = await chat(false);
    assert.ok(plain.shifts >= 1, "the window was overrun");
    await controller.openTranscript([]);
    await controller.receive({ type: "restartEngine" });
    const explained = await chat(true);
    assert.deepEqual(explained.replies, plain.replies);
    assert.deepEqual(explained.tokens, plain.tokens);
    assert.equal(explained.shifts, plain.shifts);
  });

  it("leave none when they are stopped half-way either", async () => {
    await controller.receive({ type: "send", text: promptOf(0) });
    const before = [...engine.opened.sequence.tokens];
    const stopping = new AbortController();
    const listening = engine.onDidEmit((event) => {
      if (event.type === "text" && event.id.startsWith("explain.")) stopping.abort();
    });
    const answer = await explainer.explain(excerpt, () => undefined, stopping.signal);
    listening.dispose();
    assert.equal(answer.status, "stopped");
    const { tokens } = engine.opened.sequence;
    // The last token of a stopped or cut reply may have been owed: it is evaluated first.
    assert.deepEqual(tokens.slice(0, before.length), before);
    assert.ok(tokens.length <= before.length + 1);
  });

  it("become a turn that the model knows", async () => {
    await controller.sideQuestions.keep("Remember that the red queue is 12.", "Noted: the red queue is 12.");
    await controller.receive({ type: "send", text: "What is the red queue?" });
    assert.match(controller.turns.at(-1)?.reply ?? "", /12/);
    assert.equal((await engine.cacheState()).counters.reprocessedTokens, 0);
  });
});
