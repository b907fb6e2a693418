import assert from "node:assert/strict";
import { ChatController } from "../../src/chat/chatController.ts";
import type { DetourResult, StopSignal } from "../../src/engine/engine.ts";
import { FakeEngine, type FakeEngineOptions } from "../fixtures/fakeEngine.ts";
import { MemoryWorkspace } from "../fixtures/memoryWorkspace.ts";
import { RecordingHost } from "../fixtures/recordingHost.ts";

const answered: DetourResult = {
  text: "Because.",
  thought: "",
  stopReason: "end",
  promptTokens: 9,
  replyTokens: 2,
  cut: false,
  timeToFirstTokenMs: 5,
};

/** An engine whose side questions last until they are let go, or stopped. */
class AskedEngine extends FakeEngine {
  private end: () => void = () => undefined;

  override async detour(id?: string, prompt?: string, _options?: unknown, stop?: StopSignal): Promise<DetourResult> {
    this.calls.push(`detour ${String(id)} ${String(prompt)}`);
    await new Promise<void>((resolve) => {
      this.end = resolve;
      stop?.addEventListener("abort", resolve);
    });
    this.calls.push(`answered ${String(id)}`);
    return stop?.aborted === true ? { ...answered, text: "", stopReason: "stopped" } : answered;
  }

  finish(): void {
    this.end();
  }
}

function setUp(options: FakeEngineOptions = {}): {
  engine: AskedEngine;
  controller: ChatController;
  commands: string[];
} {
  const engine = new AskedEngine(options);
  const commands: string[] = [];
  const controller = new ChatController({
    engine,
    host: new RecordingHost(),
    demoModelPath: "/demo.gguf",
    workspace: new MemoryWorkspace(),
    explain: (message) => commands.push(message),
  });
  return { engine, controller, commands };
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
const never = new AbortController().signal;
const names = (engine: FakeEngine): string[] => engine.calls.map((call) => call.replace(/ .*/, ""));

describe("questions on the side", () => {
  it("load the model once, however many come at a time", async () => {
    const { engine, controller } = setUp();
    const { sideQuestions } = controller;
    await Promise.all([sideQuestions.ready(), sideQuestions.ready()]);
    const asked = sideQuestions.ask("a", "Why?", {}, () => undefined, never);
    await settle();
    engine.finish();
    assert.equal((await asked).text, "Because.");
    assert.deepEqual(engine.calls.slice(1), ["detour a Why?", "answered a"]);
    assert.deepEqual(names(engine), ["load", "detour", "answered"]);
  });

  it("are stopped when the model goes, or the conversation", async () => {
    const { engine, controller } = setUp();
    await controller.sideQuestions.ready();
    const asked = controller.sideQuestions.ask("a", "Why?", {}, () => undefined, never);
    await controller.receive({ type: "useDemoModel" });
    assert.equal((await asked).stopReason, "stopped");
    assert.deepEqual(names(engine), ["load", "detour", "answered", "load"]);
  });

  it("may take the reserve only, while a reply runs that may take the rest", async () => {
    const { engine, controller } = setUp({ pieceMs: 3 });
    await controller.sideQuestions.ready();
    const idle = await controller.sideQuestions.room();
    assert.equal(idle.free, 512 - 1 - 20, "all but the head");
    const sent = controller.receive({ type: "send", text: "hello ".repeat(8) });
    await settle();
    assert.equal(engine.calls.at(-1)?.startsWith("send"), true);
    assert.ok(controller.busy);
    assert.equal((await controller.sideQuestions.room()).free, 32, "the fake engine's reserve");
    await sent;
  });

  it("become a turn: shown, and told to the model, after the reply that runs", async () => {
    const { engine, controller } = setUp();
    const sent = controller.receive({ type: "send", text: "hello" });
    await controller.sideQuestions.keep("Explain this.", "It opens.");
    await sent;
    assert.deepEqual(names(engine), ["load", "send", "bringBack"]);
    const turn = controller.turns[1];
    assert.deepEqual([turn?.user, turn?.reply, turn?.status], ["Explain this.", "It opens.", "done"]);
  });

  it("are asked by a message that is a command, which is not sent", async () => {
    const { engine, controller, commands } = setUp();
    await controller.receive({ type: "send", text: " /explain why? " });
    assert.deepEqual([commands, controller.turns.length, engine.calls], [["/explain why?"], 0, []]);
    await controller.receive({ type: "send", text: "hello" });
    assert.equal(controller.turns.length, 1);
  });
});
