import assert from "node:assert/strict";
import { DraftStore } from "../../src/chat/draftStore.ts";
import { Bench, keeperOf, Memory, slow } from "../fixtures/composerBench.ts";

describe("the cost of a message", () => {
  it("is the engine's plan, follows what is typed, and is not told while a reply runs", async () => {
    const bench = new Bench({ engine: { ...slow, windowSize: 200 } });
    await bench.say("x".repeat(200));
    await bench.type("12345678");
    await bench.until(() => bench.composer.cost !== null);
    assert.deepEqual(bench.composer.cost, { tokens: 2, forgets: 0, forgetsAttachments: 0, omitted: 0 });
    await bench.type("y".repeat(240));
    await bench.until(() => bench.composer.cost?.tokens === 60);
    assert.equal(bench.composer.cost.forgets, 1);
    const reply = bench.say("go");
    await bench.type("and");
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(bench.composer.cost, null);
    await reply;
    await bench.until(() => bench.composer.cost?.tokens === 1);
    await bench.type("");
    await bench.until(() => bench.composer.cost === null);
  });

  it("is that of the words that a command stands for", async () => {
    const bench = new Bench();
    await bench.say("hello");
    await bench.type("/docs");
    await bench.until(() => (bench.composer.cost?.tokens ?? 0) > 20);
    await bench.type("/new");
    await bench.until(() => bench.composer.cost === null);
  });
});

describe("attachments before the message is sent", () => {
  const aheadCalls = ({ engine }: Bench): string[] => engine.calls.filter((call) => call.startsWith("evaluateAhead"));

  it("are read ahead, and erased when they are removed", async () => {
    const bench = new Bench();
    await bench.say("hello");
    await bench.attach("src/table.ts");
    await bench.until(() => bench.chip.ahead);
    assert.ok(bench.view.spans.some(({ kind }) => kind === "ahead"));
    const { id } = bench.chip;
    assert.ok(aheadCalls(bench).at(-1)?.endsWith(id));
    await bench.send({ type: "removeAttachment", id });
    await bench.until(() => bench.engine.ahead === undefined);
    await bench.until(() => bench.view.spans.every(({ kind }) => kind !== "ahead"));
  });

  it("are not, if the model had to forget something for them", async () => {
    const bench = new Bench({ engine: { windowSize: 120 } });
    await bench.say("x".repeat(100));
    await bench.send({ type: "attachText", name: "", text: "y".repeat(160) });
    await bench.until(() => (bench.composer.cost?.forgets ?? 0) > 0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual([bench.chip.ahead, aheadCalls(bench)], [false, []]);
  });

  it("wait for the end of a reply, and are the parts that are sent", async () => {
    const bench = new Bench({ engine: slow });
    const reply = bench.say("hello");
    await bench.until(() => bench.view.turns[0]?.status === "streaming");
    await bench.attach("src/table.ts");
    assert.deepEqual(aheadCalls(bench), []);
    await reply;
    await bench.until(() => bench.chip.ahead);
    const { ahead } = bench.engine;
    await bench.say("go");
    assert.equal(bench.engine.sent[1]?.turnId, ahead?.turnId);
    assert.deepEqual(bench.engine.sent[1]?.parts[0], ahead?.parts[0]);
  });

  it("are read again after another operation has erased them", async () => {
    const bench = new Bench();
    await bench.say("hello");
    await bench.attach("src/table.ts");
    await bench.until(() => bench.chip.ahead);
    bench.engine.ahead = undefined;
    await bench.send({ type: "regenerate" });
    const before = aheadCalls(bench).length;
    await bench.until(() => aheadCalls(bench).length > before && bench.chip.ahead);
  });

  it("load the model, as words do", async () => {
    const bench = new Bench();
    await bench.attach("src/table.ts");
    await bench.until(() => bench.chip.ahead);
    assert.match(bench.engine.calls[0] ?? "", /^load/);
  });
});

describe("messages that wait", () => {
  const texts = ({ composer }: Bench): string[] => composer.queue.map(({ text }) => text);

  it("follow the reply in order, with their own attachments, as they were edited", async () => {
    const bench = new Bench({ engine: slow });
    const reply = bench.say("one");
    await bench.attach("src/table.ts");
    await bench.say("two");
    await bench.say("tree");
    await bench.say("four");
    assert.deepEqual([texts(bench), bench.composer.attachments.length], [["two", "tree", "four"], 0]);
    const [, third, fourth] = bench.composer.queue;
    await bench.send({ type: "editQueued", id: third?.id, text: "three" });
    await bench.send({ type: "removeQueued", id: fourth?.id });
    await bench.send({ type: "ready" });
    assert.deepEqual(texts(bench), ["two", "three"], "a new view shows them too");
    await reply;
    await bench.until(() => bench.view.turns.length === 3 && bench.view.turns[2]?.status === "done");
    assert.deepEqual(
      bench.view.turns.map(({ user }) => user),
      ["one", "two", "three"],
    );
    assert.deepEqual(
      bench.engine.sent.map(({ parts }) => parts.length),
      [1, 2, 1],
    );
    assert.deepEqual(texts(bench), []);
  });

  it("wait for the user after a reply that failed, and go on when told so", async () => {
    const bench = new Bench({ engine: slow });
    const reply = bench.say("one");
    await bench.until(() => bench.view.turns[0]?.status === "streaming");
    await bench.say("two");
    bench.engine.crash();
    await reply;
    await bench.until(() => bench.composer.queueWaits);
    assert.deepEqual([bench.view.turns.length, texts(bench)], [1, ["two"]]);
    await bench.send({ type: "sendQueued" });
    assert.deepEqual(
      bench.view.turns.map(({ status }) => status),
      ["failed", "done"],
    );
  });

  it("wait after a stop too, and go on after the next reply that ends well", async () => {
    const bench = new Bench({ engine: slow });
    const reply = bench.say("one");
    await bench.until(() => bench.view.turns[0]?.status === "streaming");
    await bench.say("two");
    await bench.send({ type: "stop" });
    await reply;
    await bench.until(() => bench.composer.queueWaits);
    await bench.send({ type: "regenerate" });
    await bench.until(() => bench.view.turns[1]?.status === "done");
    assert.equal(bench.composer.queueWaits, false);
  });

  it("are gone when their words are", async () => {
    const bench = new Bench({ engine: slow });
    const reply = bench.say("one");
    await bench.say("two");
    await bench.send({ type: "editQueued", id: bench.composer.queue[0]?.id, text: " " });
    await reply;
    assert.deepEqual([texts(bench), bench.view.turns.length], [[], 1]);
  });
});

describe("commands with a slash", () => {
  it("ask the model in words that the conversation shows, about what is selected", async () => {
    const bench = new Bench();
    bench.workspace.select("src/table.ts", 2, 2);
    await bench.say("/tests with mocha");
    const [turn] = bench.view.turns;
    assert.match(turn?.user ?? "", /^Write tests for this code[\s\S]*\n\nwith mocha$/);
    assert.deepEqual(
      turn?.attachments.map(({ label }) => label),
      ["table.ts:2"],
    );
    await bench.attach("notes.md");
    await bench.say("/docs");
    assert.deepEqual(
      bench.view.turns[1]?.attachments.map(({ label }) => label),
      ["notes.md"],
      "what is attached goes first",
    );
    await bench.say("/fix");
    assert.match(bench.view.turns[2]?.user ?? "", /^Find what is wrong/);
  });

  it("explain, pin, export, begin anew and help at once, also during a reply", async () => {
    let exported = 0;
    const exportConversation = (): Promise<void> => Promise.resolve(void (exported += 1));
    const bench = new Bench({ engine: slow, exportConversation });
    await bench.say("hello");
    await bench.say("/pin");
    assert.equal(bench.view.turns[0]?.pinned, true);
    const reply = bench.say("again");
    await bench.say("/explain why?");
    await bench.say("/export");
    await bench.say("/help");
    assert.deepEqual([bench.explained, exported, bench.view.notice?.code], [["/explain why?"], 1, "help"]);
    assert.match(bench.view.notice?.message ?? "", /\/tests: Write tests[\s\S]*hold Shift/);
    await reply;
    assert.equal(bench.view.turns.length, 2, "none of them is a message");
    await bench.say("/new");
    assert.equal(bench.view.turns.length, 0);
  });

  it("are listed as far as they can be run", async () => {
    const bench = new Bench();
    const names = async (query: string): Promise<string[]> => {
      await bench.send({ type: "complete", request: 1, trigger: "/", query });
      return bench.view.completions.items.map(({ label }) => label);
    };
    assert.deepEqual(await names(""), ["/explain", "/fix", "/tests", "/docs", "/pin", "/new", "/help"]);
    assert.deepEqual((await names("te"))[0], "/tests");
    await bench.say("/nothing that is known");
    assert.equal(bench.view.turns[0]?.user, "/nothing that is known", "a path, say, is a message");
  });
});

describe("the draft of a message", () => {
  it("is kept for each conversation, with what is attached", async () => {
    const memory = new Memory();
    const kept = keeperOf("one");
    const bench = new Bench({ memory, keeper: kept });
    await bench.until(() => bench.view.live);
    await bench.type("half a thought");
    await bench.attach("src/table.ts");
    const { key } = bench.composer.draft;
    kept.presentId = "two";
    bench.controller.showTranscript([]);
    await bench.until(() => bench.composer.draft.key !== key);
    assert.deepEqual([bench.composer.draft.text, bench.composer.attachments], ["", []]);
    await bench.send({ type: "draft", key, text: "late" });
    assert.equal(bench.composer.draft.text, "", "what a view still says about the other one changes nothing");
    await bench.type("another");
    kept.presentId = "one";
    bench.controller.showTranscript([]);
    await bench.until(() => bench.composer.draft.text === "half a thought");
    assert.equal(bench.chip.label, "table.ts");
    bench.controller.dispose();

    const restarted = new Bench({ memory, keeper: keeperOf("two") });
    await restarted.until(() => restarted.composer.draft.text === "another");
    const first = new Bench({ memory, keeper: keeperOf("one") });
    await first.until(() => first.composer.attachments.length === 1);
    first.workspace.write("src/table.ts", "changed");
    await first.until(() => first.chip.changed);
    await first.say("hello");
    assert.match(
      first.engine.sent[0]?.parts[0]?.text ?? "",
      /rows\.sort/,
      "what was attached, not what stands there now",
    );
    first.controller.dispose();
    restarted.controller.dispose();
    assert.equal(memory.values.has("daylong.draft.one"), false, "a message that was sent is no draft");
  });

  it("keeps the newest twenty, and survives what is no draft", async () => {
    const memory = new Memory();
    const store = new DraftStore(memory);
    for (let index = 0; index < 25; index += 1)
      await store.write(`c${index}`, { text: "x", attachments: [], queue: [] });
    assert.equal(store.read("c4"), undefined);
    assert.equal(store.read("c5")?.text, "x");
    memory.values.set("daylong.draft.c6", { text: 7 });
    assert.equal(store.read("c6"), undefined);
    await store.write("c7", {
      text: "y",
      attachments: [],
      queue: [{ id: "a", text: "z".repeat(3_000_000), attachments: [] }],
    });
    assert.deepEqual(store.read("c7"), { text: "y", attachments: [], queue: [] });
  });
});
