import assert from "node:assert/strict";
import { fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { constants, getPriority } from "node:os";
import { DaylongError, type ErrorCode } from "../../src/base/errors.ts";
import type { EngineEvent, EngineStatus, LoadOptions, MessagePart, ReplyOptions } from "../../src/engine/engine.ts";
import { EngineClient } from "../../src/engine/engineClient.ts";
import { demoModel, engineBundle } from "../fixtures/engine/paths.ts";
import { isAlive } from "../fixtures/engine/processes.ts";
import { promptOf } from "../fixtures/engine/prompts.ts";

const model: LoadOptions = {
  modelPath: demoModel,
  contextSize: 512,
  systemPrompt: "You are a coding assistant.",
  gpu: false,
  threads: 1,
};
/** At this temperature the toy model does not find an end. */
const endless: ReplyOptions = {
  sampling: { temperature: 1.5, topK: 0, topP: 1, minP: 0, seed: 3, maxTokens: 100_000 },
};
const greedy: ReplyOptions = { sampling: { temperature: 0, maxTokens: 60 } };

const failsWith = (code: ErrorCode) => (error: unknown) => error instanceof DaylongError && error.code === code;

function textPart(text: string): MessagePart[] {
  return [{ id: `part of ${text}`, kind: "text", text }];
}

describe("the forked engine process", () => {
  let client: EngineClient;
  beforeEach(() => {
    client = new EngineClient({ enginePath: engineBundle, log: () => undefined });
  });
  afterEach(() => client.dispose());

  /** Resolves when the first text of a turn has arrived. */
  function firstText(id: string): Promise<void> {
    return new Promise((resolve) => {
      const listening = client.onDidEmit((event) => {
        if (event.type !== "text" || event.id !== id) return;
        listening.dispose();
        resolve();
      });
    });
  }

  it("dies alone in the middle of a reply; the next load, restore and send work", async () => {
    const states: EngineStatus["state"][] = [];
    client.onDidChangeStatus((status) => states.push(status.state));
    await client.load(model);
    const running = client.send({ turnId: "a", parts: textPart("1 2 3 4 5") }, endless);
    await firstText("a");
    const { pid } = client;
    assert(pid !== undefined);
    process.kill(pid, "SIGKILL");
    await assert.rejects(running, failsWith("engine-crashed"));
    assert.equal(states.at(-1), "crashed");
    assert.equal(client.pid, undefined);

    await client.load(model);
    assert.notEqual(client.pid, pid);
    const past = { turnId: "fact", parts: textPart("Remember that the green cache is 47."), pinned: false };
    const state = await client.restore([{ ...past, reply: "Noted: the green cache is 47." }]);
    assert.deepEqual(state.rememberedTurnIds, ["fact"]);
    const result = await client.send({ turnId: "b", parts: textPart("What is the green cache?") }, greedy);
    assert.match(result.text, /47/);
    const changes = states.filter((state, index) => state !== states[index - 1]);
    assert.deepEqual(changes, ["loading", "ready", "crashed", "loading", "ready"]);
  });

  it("asks for the model again after a crash, with a code", async () => {
    await client.load(model);
    process.kill(client.pid ?? 0, "SIGKILL");
    await new Promise<void>((resolve) => {
      client.onDidChangeStatus((status) => {
        if (status.state === "crashed") resolve();
      });
    });
    await assert.rejects(client.send({ turnId: "a", parts: textPart("Hello!") }, greedy), failsWith("no-model"));
  });

  it("is not started again and again: after four crashes in a row a load is refused, once", async () => {
    for (let crash = 0; crash < 4; crash++) {
      const loading = client.load(model);
      process.kill(client.pid ?? 0, "SIGKILL");
      await assert.rejects(loading, failsWith("engine-crashed"));
    }
    await assert.rejects(client.load(model), failsWith("engine-crashed"));
    assert.equal(client.pid, undefined, "nothing was started");
    const loaded = await client.load(model);
    assert.equal(loaded.windowSize, 512);
  });

  it("stops a reply, and a message while it is read", async () => {
    await client.load(model);
    const stop = new AbortController();
    const running = client.send({ turnId: "a", parts: textPart("1 2 3 4 5") }, endless, stop.signal);
    await firstText("a");
    stop.abort();
    const result = await running;
    assert.equal(result.stopReason, "stopped");
    assert(result.replyTokens < 100_000);

    // How far it gets meanwhile depends on the way of the message; that it ends within a chunk is a unit test's matter.
    const early = new AbortController();
    const listening = client.onDidEmit((event) => {
      if (event.type === "prefill" && event.id === "b") early.abort();
    });
    const page = "The green cache is 47. ".repeat(45);
    const given = await client.send({ turnId: "b", parts: textPart(page) }, endless, early.signal);
    listening.dispose();
    assert.equal(given.stopReason, "stopped");
    assert(given.replyTokens < 100_000);
    const remembered = given.cache.rememberedTurnIds.includes("b");
    assert.equal(remembered, given.replyTokens > 0, "a message that was given up leaves no trace");
  });

  it("sends text in order: the pieces add up to the reply, those of a detour to its answer", async () => {
    await client.load(model);
    const texts = new Map<string, string>();
    const events: EngineEvent["type"][] = [];
    let asked: ReturnType<EngineClient["detour"]> | undefined;
    client.onDidEmit((event) => {
      events.push(event.type);
      if (event.type !== "text") return;
      texts.set(event.id, (texts.get(event.id) ?? "") + event.text);
      if (event.id === "t2") asked ??= client.detour("detour", "What is the loud window?", greedy);
    });
    for (let turn = 0; turn < 6; turn++) {
      const parts = textPart(`${turn}: ${promptOf(turn)}`);
      const options = turn === 3 ? { sampling: { ...endless.sampling, maxTokens: 200 } } : greedy;
      const result = await client.send({ turnId: `t${turn}`, parts }, options);
      assert.equal(texts.get(`t${turn}`), result.text);
      assert(result.text.length > 0);
      // It may have come too late for the reply: then it runs behind it, and the engine is busy.
      await asked;
    }
    assert(asked !== undefined);
    assert.equal((await asked).text, texts.get("detour"));
    assert(events.includes("cache"));
  });

  it("rejects what was asked when it is shut down, and ends", async () => {
    await client.load(model);
    const { pid } = client;
    assert(pid !== undefined);
    const running = client.send({ turnId: "a", parts: textPart("1 2 3 4 5") }, endless);
    await firstText("a");
    client.dispose();
    await assert.rejects(running, failsWith("engine-stopped"));
    await assert.rejects(async () => client.inspect(demoModel), failsWith("engine-stopped"));
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
  });

  it("runs below the editor, and starts where the editor itself was started further below", async () => {
    await client.inspect(demoModel);
    assert.ok(getPriority(client.pid) >= constants.priority.PRIORITY_BELOW_NORMAL);
    if (process.platform === "win32") return;
    const command = ["-n", "19", process.execPath, engineBundle];
    const below = spawn("nice", command, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    const answered = once(below, "message");
    below.send({ jsonrpc: "2.0", id: 1, method: "ping" });
    await answered;
    assert.equal(getPriority(below.pid), 19);
    below.disconnect();
    await once(below, "exit");
  });

  it("says that it is missing", async () => {
    const lost = new EngineClient({ enginePath: `${engineBundle}.missing`, log: () => undefined });
    await assert.rejects(async () => lost.load(model), failsWith("engine-missing"));
    lost.dispose();
  });

  it("ends by itself when its parent lets go of it, also in the middle of a reply", async () => {
    const child = fork(engineBundle, [], { execArgv: [], stdio: ["ignore", "ignore", "ignore", "ipc"] });
    await ask(child, "load", model);
    child.send({
      jsonrpc: "2.0",
      id: 2,
      method: "send",
      params: { message: { turnId: "a", parts: textPart("1 2 3 4 5") }, options: endless },
    });
    await messageWith(child, (message) => message.method === "event" && message.params?.type === "text");
    const ended = once(child, "exit");
    child.disconnect();
    assert.deepEqual(await ended, [0, null]);
  });
});

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly type?: string };
  readonly error?: unknown;
}

async function ask(child: ChildProcess, method: string, params: object): Promise<void> {
  child.send({ jsonrpc: "2.0", id: 1, method, params });
  const answer = await messageWith(child, (message) => message.id === 1);
  assert.equal(answer.error, undefined);
}

function messageWith(child: ChildProcess, wanted: (message: Message) => boolean): Promise<Message> {
  return new Promise((resolve) => {
    const look = (message: Message): void => {
      if (!wanted(message)) return;
      child.off("message", look);
      resolve(message);
    };
    child.on("message", look);
  });
}
