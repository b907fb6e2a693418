import assert from "node:assert/strict";
import { ChatController } from "../../src/chat/chatController.ts";
import { DaylongError } from "../../src/base/errors.ts";
import type { ChatState } from "../../src/messages/chatMessages.ts";
import { initialState, reduce, type ViewState } from "../../webview-ui/state.ts";
import { FakeEngine, type FakeEngineOptions } from "../fixtures/fakeEngine.ts";
import { longDay } from "../fixtures/panel/sampleTurns.ts";
import { MemoryWorkspace } from "../fixtures/memoryWorkspace.ts";
import { RecordingHost } from "../fixtures/recordingHost.ts";
import { waitFor } from "../fixtures/waitFor.ts";

interface Setup {
  readonly controller: ChatController;
  readonly engine: FakeEngine;
  readonly host: RecordingHost;
  /** What a view that saw every message would draw. */
  readonly view: () => ViewState;
  readonly say: (text: string) => Promise<void>;
}

function setUp(options: FakeEngineOptions = {}, host = new RecordingHost()): Setup {
  const engine = new FakeEngine(options);
  let time = 1_700_000_000_000;
  const now = (): number => (time += 1000);
  const controller = new ChatController({
    engine,
    host,
    demoModelPath: "/demo.gguf",
    workspace: new MemoryWorkspace(),
    now,
  });
  let state = initialState;
  controller.attach((message: ChatState) => {
    state = reduce(state, structuredClone(message));
    assert.equal(state.stale, false, JSON.stringify(message));
  });
  void controller.receive({ type: "ready" });
  return {
    controller,
    engine,
    host,
    view: () => state,
    say: (text) => controller.receive({ type: "send", text }),
  };
}

/** Until the gathered text has been sent too. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

const calls = (engine: FakeEngine): string[] => engine.calls.map((call) => call.replace(/ .*/, ""));

describe("the chat controller", () => {
  it("loads nothing until the first words, and then once", async () => {
    const { controller, engine, view, say } = setUp();
    assert.deepEqual([engine.calls, view().model.state], [[], "unloaded"]);
    await Promise.all([controller.receive({ type: "composing" }), say("hello")]);
    await settle();
    assert.deepEqual(calls(engine), ["load", "send"]);
    assert.equal(view().model.state, "ready");
    const [turn] = view().turns;
    assert.deepEqual([turn?.user, turn?.reply, turn?.status], ["hello", "hello", "done"]);
    assert.equal(view().busy, false);
  });

  it("shows the view the same as it holds, at every moment and after every reconnection", async () => {
    const { controller, view, say } = setUp({ pieceMs: 1, answer: () => ({ thought: "hm", text: "x".repeat(200) }) });
    const reply = say("hello");
    for (let times = 0; times < 5; times += 1) {
      await settle();
      void controller.receive({ type: "ready" });
      assert.deepEqual(view().turns, controller.turns);
    }
    await reply;
    await settle();
    assert.deepEqual(view().turns, controller.turns);
    assert.equal(view().turns[0]?.reply.length, 200);
  });

  it("keeps everything that arrives while no view is there", async () => {
    const { controller, say } = setUp({ pieceMs: 1, answer: () => ({ text: "y".repeat(300) }) });
    const gone = controller.attach(() => assert.fail("a view that has not asked is told nothing"));
    const reply = say("hello");
    await settle();
    gone.dispose();
    await reply;
    let state = initialState;
    controller.attach((message) => {
      state = reduce(state, message);
    });
    await controller.receive({ type: "ready" });
    assert.equal(state.turns[0]?.reply, "y".repeat(300));
  });

  it("stops a reply and keeps what was there, then goes on with it", async () => {
    const { controller, engine, view, say } = setUp({ pieceMs: 2, answer: () => ({ text: "z".repeat(400) }) });
    const reply = say("hello");
    await waitFor(() => (view().turns[0]?.reply.length ?? 0) > 0);
    await controller.receive({ type: "stop" });
    await reply;
    const [stopped] = view().turns;
    assert.deepEqual([stopped?.status, stopped?.note], ["stopped", "stopped"]);
    const kept = stopped?.reply ?? "";
    assert.ok(kept.length > 0 && kept.length < 400);
    await controller.receive({ type: "continueReply" });
    assert.equal(view().turns[0]?.reply, kept + "z".repeat(400));
    assert.deepEqual(calls(engine), ["load", "send", "continueReply"]);
  });

  it("goes on with a reply whose rest begins as the reply does", async () => {
    const texts = ["`", "``ts`"];
    const answer = (): { text: string; stopReason: "maxTokens" } => ({
      text: texts.shift() ?? "",
      stopReason: "maxTokens",
    });
    const { controller, say, view } = setUp({ answer });
    await say("hello");
    await controller.receive({ type: "continueReply" });
    await settle();
    assert.equal(view().turns[0]?.reply, "```ts`");
  });

  it("stops while the model is still being loaded", async () => {
    const { controller, engine, view, say } = setUp({ pieceMs: 30 });
    const reply = say("hello");
    await controller.receive({ type: "stop" });
    await reply;
    assert.equal(view().turns[0]?.status, "stopped");
    await settle();
    await controller.receive({ type: "regenerate" });
    assert.deepEqual(calls(engine), ["load", "send"]);
    assert.equal(view().turns[0]?.reply, "hello");
  });

  it("survives the engine's death in the middle of a reply", async () => {
    const { engine, view, say } = setUp({ pieceMs: 2, answer: (text) => ({ text: text.repeat(20) }) });
    await say("first");
    const reply = say("second");
    await waitFor(() => (view().turns[1]?.reply.length ?? 0) > 0);
    engine.crash();
    await reply;
    await settle();
    const broken = view().turns[1];
    assert.deepEqual([broken?.status, broken?.note, broken?.error?.code], ["failed", "interrupted", "engine-crashed"]);
    assert.ok(broken !== undefined && broken.reply.length > 0);
    assert.deepEqual([view().model.state, view().busy], ["crashed", false]);
    await say("third");
    const ids = view().turns.map(({ id }) => id);
    assert.deepEqual(engine.calls.slice(-3), [
      "load /models/some.gguf",
      `restore ${ids[0]} ${ids[1]}`,
      `send ${ids[2]}`,
    ]);
    assert.equal(view().turns[2]?.status, "done");
  });

  it("gives the old reply back when the engine dies before a word of the new one", async () => {
    const { controller, engine, view, say } = setUp({ pieceMs: 5, answer: (text) => ({ text: text.repeat(20) }) });
    await say("first");
    const again = controller.receive({ type: "regenerate" });
    await waitFor(() => calls(engine).at(-1) === "regenerate");
    assert.equal(view().turns[0]?.reply, "");
    engine.crash();
    await again;
    await settle();
    const [turn] = view().turns;
    assert.deepEqual([turn?.reply, turn?.status, turn?.error?.code], ["first".repeat(20), "failed", "engine-crashed"]);
    await controller.receive({ type: "regenerate" });
    assert.equal(view().turns[0]?.status, "done");
  });

  it("does not tell the model of a broken reply that is to be replaced", async () => {
    const { controller, engine, view, say } = setUp({ pieceMs: 2, answer: (text) => ({ text: text.repeat(20) }) });
    const reply = say("only");
    await waitFor(() => (view().turns[0]?.reply.length ?? 0) > 0);
    engine.crash();
    await reply;
    await controller.receive({ type: "regenerate" });
    assert.deepEqual(calls(engine), ["load", "send", "load", "send"]);
    assert.equal(view().turns[0]?.reply, "only".repeat(20));
    assert.equal(view().turns[0]?.error, null);
  });

  it("asks anew where the newest turn was forgotten for one that was brought back, and touches no other reply", async () => {
    const { controller, engine, view, say } = setUp();
    for (const text of ["one", "two"]) await say(text);
    const [one, two] = view().turns;
    // Behind the controller's back: as if it were still on its way.
    await engine.bringBack({ turnId: one?.id ?? "", parts: [], reply: "one", pinned: false });
    await controller.receive({ type: "regenerate" });
    assert.deepEqual(engine.calls.slice(-2), [`bringBack ${one?.id ?? ""}`, `send ${two?.id ?? ""}`]);
    assert.deepEqual(
      view().turns.map(({ reply, status }) => [reply, status]),
      [
        ["one", "done"],
        ["two", "done"],
      ],
    );
  });

  it("replaces the reply, and the message", async () => {
    const { controller, engine, view, say } = setUp();
    await say("one");
    await controller.receive({ type: "regenerate" });
    await controller.receive({ type: "editLast", text: "two" });
    await settle();
    assert.deepEqual(calls(engine), ["load", "send", "regenerate", "editLast"]);
    assert.deepEqual([view().turns[0]?.user, view().turns[0]?.reply], ["two", "two"]);
  });

  it("pins, refuses a pin too many in words, and brings back", async () => {
    const { controller, engine, view, say } = setUp();
    for (const text of ["a", "b", "c"]) await say(text);
    const [a = "", b = "", c = ""] = view().turns.map(({ id }) => id);
    await controller.receive({ type: "pin", id: a });
    await controller.receive({ type: "pin", id: b });
    await controller.receive({ type: "pin", id: c });
    assert.deepEqual(
      view().turns.map(({ pinned }) => pinned),
      [true, true, false],
    );
    assert.equal(view().notice?.code, "pins-full");
    await controller.receive({ type: "unpin", id: a });
    assert.equal(view().turns[0]?.pinned, false);
    await controller.receive({ type: "bringBack", id: c });
    assert.equal(engine.calls.at(-1), `bringBack ${c}`);
    await controller.receive({ type: "bringBack", id: "nobody" });
    assert.equal(view().notice?.code, "turn-unknown");
  });

  it("shows where memory begins when old turns are forgotten, and counts the shifts of the day over a crash", async () => {
    const { engine, view, say } = setUp({ windowSize: 128 });
    for (let turn = 0; turn < 12; turn += 1) await say(`message number ${turn}`);
    const { shifts, windowSize } = view().counters;
    assert.ok(shifts > 0);
    assert.equal(windowSize, 128);
    assert.equal(view().turns[0]?.remembered, false);
    assert.equal(view().turns.at(-1)?.remembered, true);
    engine.crash();
    await say("after the crash");
    assert.ok(view().counters.shifts >= shifts);
  });

  it("says why a model cannot be loaded, in the user's language", async () => {
    const loadError = new DaylongError("model-empty", "The file some.gguf is empty.");
    const english = setUp({ loadError });
    await english.say("hello");
    const { model } = english.view();
    assert.equal(model.state === "failed" && model.error.message, "The file some.gguf is empty.");
    assert.equal(english.view().turns[0]?.error?.code, "model-empty");
    const host = new RecordingHost({
      "The model file is empty. Download it again, or choose another one.": "Die Modelldatei ist leer.",
    });
    host.language = "de";
    const german = setUp({ loadError }, host);
    await german.say("hallo");
    assert.equal(german.view().turns[0]?.error?.message, "Die Modelldatei ist leer.");
  });

  it("takes the demo model, labelled as a toy, with its own small window", async () => {
    const { controller, engine, view } = setUp();
    await controller.receive({ type: "useDemoModel" });
    assert.deepEqual(engine.calls, ["load /demo.gguf"]);
    const { model } = view();
    assert.equal(model.state === "ready" && model.toy, true);
  });

  it("gives another model the newest turns", async () => {
    const { controller, engine, host, say } = setUp();
    await say("hello");
    host.modelFile = "/models/other.gguf";
    await controller.receive({ type: "chooseModel" });
    assert.deepEqual(calls(engine), ["load", "send", "load", "restore"]);
    host.modelFile = undefined;
    await controller.receive({ type: "chooseModel" });
    assert.equal(calls(engine).length, 4);
  });

  it("starts a new conversation only when asked twice", async () => {
    const { controller, engine, host, view, say } = setUp();
    await say("hello");
    host.newConversation = "cancel";
    await controller.receive({ type: "newConversation" });
    assert.equal(view().turns.length, 1);
    host.newConversation = "new";
    await controller.receive({ type: "newConversation" });
    assert.deepEqual([view().turns.length, engine.calls.at(-1), view().counters.shifts], [0, "openConversation", 0]);
  });

  it("opens a stored conversation and gives the model what fits with the next message", async () => {
    const { controller, engine, view, say } = setUp();
    await controller.openTranscript(longDay(50));
    assert.deepEqual([view().turns.length + view().earlier, engine.calls.length], [50, 0]);
    await waitFor(() => view().earlier === 0);
    assert.deepEqual(view().turns, controller.turns);
    await say("what now?");
    assert.deepEqual(calls(engine), ["load", "restore", "send"]);
    assert.equal(view().turns.filter(({ remembered }) => !remembered).length > 30, true);
  });

  it("says that settings have changed, and loads the model with them when asked, after the reply that runs", async () => {
    const { controller, engine, host, view, say } = setUp({ pieceMs: 1, answer: () => ({ text: "x".repeat(200) }) });
    await say("hello");
    const outdated = (): boolean => {
      const { model } = view();
      return model.state === "ready" && model.outdated;
    };
    assert.equal(outdated(), false);
    host.settingsNow = { ...host.settingsNow, temperature: 0.9 };
    await controller.settingsChanged(false);
    assert.equal(outdated(), false, "it is taken with the next message");
    host.settingsNow = { ...host.settingsNow, systemPrompt: "Be brief." };
    await controller.settingsChanged(false);
    assert.equal(outdated(), true);
    host.settingsNow = { ...host.settingsNow, systemPrompt: "You are a coding assistant." };
    await controller.settingsChanged(false);
    assert.equal(outdated(), false, "changed back");
    host.settingsNow = { ...host.settingsNow, contextSize: 1024 };
    await controller.settingsChanged(false);
    assert.deepEqual([outdated(), calls(engine)], [true, ["load", "send"]], "nothing is loaded unasked");

    const reply = say("go on");
    await controller.receive({ type: "reloadModel" });
    await reply;
    assert.deepEqual(
      view().turns.map(({ status }) => status),
      ["done", "done"],
      "no reply is cut off",
    );
    assert.deepEqual(calls(engine), ["load", "send", "send", "load", "restore"]);
    assert.equal(outdated(), false);
  });

  it("leaves the demo model alone when a setting changes that it does not follow", async () => {
    const { controller, engine, host, view } = setUp();
    await controller.receive({ type: "useDemoModel" });
    host.settingsNow = { ...host.settingsNow, contextSize: 4096, gpu: "off" };
    await controller.settingsChanged(false);
    const { model } = view();
    assert.deepEqual([model.state === "ready" && model.outdated, engine.calls.length], [false, 1]);
  });

  it("tells the day's totals and what it is doing", async () => {
    const { controller, engine, view, say } = setUp({
      pieceMs: 1,
      windowSize: 128,
      answer: () => ({ text: "x".repeat(99) }),
    });
    let busy = false;
    controller.onDidChange(() => (busy ||= controller.status.busy));
    for (let times = 0; times < 5; times += 1) await say("hello there, and so on");
    const { tokens, shifts } = view().counters;
    assert.ok(tokens > 100 && shifts > 0 && busy);
    engine.crash();
    await say("after the crash");
    assert.ok(view().counters.tokens > tokens && view().counters.shifts >= shifts);
    await controller.receive({ type: "newConversation" });
    assert.ok(view().counters.tokens > tokens, "a new conversation does not end the day");
    const text = (await controller.windowText())?.flatMap(({ pieces }) => pieces.map((piece) => piece.text)).join("");
    assert.equal(text, "Instructions\n");
    await controller.openTranscript(longDay(2));
    assert.equal(controller.windowText(), undefined, "what is in the window is of another conversation");
  });

  it("sends no empty message, and lets one that is sent during a reply wait for it", async () => {
    const { engine, view, say } = setUp({ pieceMs: 2, answer: () => ({ text: "w".repeat(100) }) });
    await say("  \n ");
    assert.equal(view().turns.length, 0);
    const reply = say("hello");
    await say("and then");
    assert.deepEqual([view().turns.length, view().composer.queue.map(({ text }) => text)], [1, ["and then"]]);
    await reply;
    await waitFor(() => view().turns[1]?.status === "done");
    assert.deepEqual([calls(engine), view().composer.queue], [["load", "send", "send"], []]);
  });
});
