import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LoadedModel, RememberedTurn } from "../../src/engine/engine.ts";
import { EngineClient } from "../../src/engine/engineClient.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const modelPath = join(root, "media/demo/tiny-chat.q8_0.gguf");
const greedy = { sampling: { temperature: 0, maxTokens: 60 } };
const questions = [
  "Remember that the green cache is 47.",
  "Write a function to sort a table.",
  "What is the green cache?",
  "Explain this code:\n```ts\nfunction openCache(cache: Cache) {\n    return cache.open();\n}\n```",
];

/** One conversation over several engine processes, with the transcript that a host would keep. */
class Day {
  readonly turns: RememberedTurn[] = [];
  engine = this.newEngine();

  constructor(private readonly folder: string) {}

  load(options: { contextSize?: number; systemPrompt?: string } = {}): Promise<LoadedModel> {
    return this.engine.load({
      modelPath,
      contextSize: 512,
      systemPrompt: "You are a coding assistant.",
      gpu: false,
      threads: 1,
      snapshotPath: join(this.folder, "conversation"),
      ...options,
    });
  }

  async talk(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const turnId = `t${this.turns.length}`;
      const parts = [
        { id: `${turnId}.text`, kind: "text" as const, text: questions[this.turns.length % questions.length] ?? "" },
      ];
      const { text } = await this.engine.send({ turnId, parts }, greedy);
      this.turns.push({ turnId, parts, reply: text, pinned: false });
    }
  }

  /** Lets go of the engine as a closing window does, and waits until its process has ended. */
  async close(): Promise<void> {
    const { pid } = this.engine;
    this.engine.dispose();
    await ended(pid);
    this.engine = this.newEngine();
  }

  async kill(): Promise<void> {
    const { pid } = this.engine;
    assert.ok(pid !== undefined);
    process.kill(pid, "SIGKILL");
    await ended(pid);
    this.engine.dispose();
    this.engine = this.newEngine();
  }

  private newEngine(): EngineClient {
    return new EngineClient({ enginePath: join(root, "dist/engine.mjs"), log: () => undefined });
  }
}

async function ended(pid: number | undefined): Promise<void> {
  while (pid !== undefined) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe("snapshots", function () {
  this.timeout(60_000);
  let folder: string;
  let day: Day;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "daylong-snapshot-"));
    day = new Day(folder);
  });
  afterEach(async () => {
    await day.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("after a clean close nothing is processed again, and the conversation goes on as if nothing had happened", async () => {
    assert.equal((await day.load()).restoredFrom, "none");
    await day.talk(22);
    const before = await day.engine.cacheState();
    assert.ok(before.counters.shifts >= 3);
    await day.close();
    assert.ok(
      readdirSync(folder).every((name) => !name.endsWith(".lock") && (statSync(join(folder, name)).mode & 0o077) === 0),
    );

    assert.equal((await day.load()).restoredFrom, "snapshot");
    const after = await day.engine.restore(day.turns);
    assert.equal(after.counters.decodedTokens, 0, "not one token was evaluated");
    assert.deepEqual(after.rememberedTurnIds, before.rememberedTurnIds);
    assert.deepEqual(after.spans, before.spans);
    const goOn = await day.engine.send(
      { turnId: "next", parts: [{ id: "next.text", kind: "text", text: "What is the green cache?" }] },
      greedy,
    );
    assert.equal(goOn.cache.counters.reprocessedTokens, 0);

    // The same conversation without an interruption says the same.
    const straight = new Day(join(folder, "straight"));
    await straight.load();
    await straight.talk(22);
    const reply = await straight.engine.send(
      { turnId: "next", parts: [{ id: "next.text", kind: "text", text: "What is the green cache?" }] },
      greedy,
    );
    await straight.close();
    assert.equal(goOn.text, reply.text);
  });

  it("after a kill only what came since the snapshot is evaluated", async () => {
    await day.load();
    await day.talk(4);
    await day.close();
    await day.load();
    await day.engine.restore(day.turns);
    await day.talk(2);
    await day.kill();
    assert.equal((await day.load()).restoredFrom, "snapshot");
    const { counters, rememberedTurnIds } = await day.engine.restore(day.turns);
    assert.deepEqual(
      rememberedTurnIds,
      day.turns.map((turn) => turn.turnId),
    );
    assert.ok(
      counters.decodedTokens > 0 && counters.decodedTokens < counters.windowTokens / 2,
      JSON.stringify(counters),
    );
  });

  it("a turn that the transcript tells differently is evaluated anew", async () => {
    await day.load();
    await day.talk(3);
    await day.close();
    await day.load();
    const last = day.turns.pop();
    assert.ok(last !== undefined);
    day.turns.push({ ...last, reply: "The green cache is 99." });
    const { counters, rememberedTurnIds } = await day.engine.restore(day.turns);
    assert.deepEqual(rememberedTurnIds, ["t0", "t1", "t2"]);
    assert.ok(counters.decodedTokens > 0 && counters.decodedTokens < 40);
  });

  it("a reply that had ended when the transcript had only its beginning is told to its end, at no token", async () => {
    await day.load();
    await day.talk(3);
    await day.close();
    await day.load();
    const last = day.turns.pop();
    assert.ok(last !== undefined);
    day.turns.push({ ...last, reply: last.reply.slice(0, 9) });
    const { counters, written } = await day.engine.restore(day.turns);
    assert.deepEqual([written?.text, written?.stopReason, counters.decodedTokens], [last.reply, "end", 0]);
  });

  it("is not used with another window or other instructions", async () => {
    await day.load();
    await day.talk(2);
    await day.close();
    assert.equal((await day.load({ systemPrompt: "You are someone else." })).restoredFrom, "other-model");
    await day.close();
    assert.equal((await day.load({ contextSize: 256 })).restoredFrom, "other-model");
    const { rememberedTurnIds } = await day.engine.restore(day.turns);
    assert.ok(rememberedTurnIds.length > 0, "the newest turns that fit are evaluated instead");
  });

  it("a damaged snapshot is said to be damaged, and the newest turns are evaluated instead", async () => {
    await day.load();
    await day.talk(3);
    await day.close();
    const cells = readdirSync(folder).find((name) => name.endsWith(".cells"));
    const path = join(folder, cells ?? "");
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
    writeFileSync(path, bytes);
    assert.equal((await day.load()).restoredFrom, "damaged");
    const { rememberedTurnIds, counters } = await day.engine.restore(day.turns);
    assert.equal(rememberedTurnIds.length, 3);
    assert.equal(counters.reprocessedTokens, 0);
  });

  it("waits for the engine of a window that was reloaded", async () => {
    await day.load();
    await day.talk(2);
    const old = day.engine;
    const { pid } = old;
    day.engine = new EngineClient({ enginePath: join(root, "dist/engine.mjs"), log: () => undefined });
    const loading = day.load();
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(day.engine.status.state, "loading", "the old engine still holds the conversation");
    old.dispose();
    assert.equal((await loading).restoredFrom, "snapshot");
    await ended(pid);
    assert.ok(existsSync(join(folder, "conversation.lock")));
  });

  it("is written when the host goes away in the middle of a reply", async () => {
    await day.load();
    await day.talk(2);
    let told = "";
    const begun = new Promise<void>((resolve) => {
      day.engine.onDidEmit((event) => {
        if (event.type !== "text") return;
        told += event.text;
        resolve();
      });
    });
    const parts = [{ id: "cut.text", kind: "text" as const, text: "Write a function to load a model." }];
    const sending = day.engine.send({ turnId: "cut", parts }, greedy).catch((error: unknown) => error);
    await begun;
    await day.close();
    await sending;
    assert.equal((await day.load()).restoredFrom, "snapshot");
    const { counters, written } = await day.engine.restore([
      ...day.turns,
      { turnId: "cut", parts, reply: told, pinned: false },
    ]);
    assert.equal(counters.decodedTokens, 0, "what the model had written stays, to the last token");
    assert.ok(written !== undefined && written.text.startsWith(told), JSON.stringify({ written, told }));
    if (written.stopReason !== "stopped") return;
    const { cache } = await day.engine.continueReply(greedy);
    assert.equal(cache.counters.reprocessedTokens, 0);
  });
});
