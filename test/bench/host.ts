// What a streaming reply costs the extension host: pieces of text through the real controller, with the journal on disk and
// a view that is sent every message, in an empty conversation and after a day of 5,000 turns. Nothing may grow with the day.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ChatController } from "../../src/chat/chatController.ts";
import { ConversationKeeper } from "../../src/chat/conversationKeeper.ts";
import { FakeEngine } from "../fixtures/fakeEngine.ts";
import { longDay } from "../fixtures/panel/sampleTurns.ts";
import { MemoryWorkspace } from "../fixtures/memoryWorkspace.ts";
import { RecordingHost } from "../fixtures/recordingHost.ts";
import type { BenchContext } from "./bench.ts";
import { againstBound, median, summarise } from "../../src/base/statistics.ts";

const pieceLength = 4;

export async function run(context: BenchContext): Promise<unknown> {
  const rounds = context.number("rounds", context.quick ? 2 : 7);
  const pieces = context.number("pieces", context.quick ? 300 : 1_000);
  const turns = context.number("turns", 5_000);
  const [empty, long, engineAlone]: number[][] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    await context.turn();
    empty?.push(await microsecondsPerPiece(pieces, 0));
    long?.push(await microsecondsPerPiece(pieces, turns));
    engineAlone?.push(await stream(new FakeEngine(fake(pieces)), pieces));
  }
  const result = {
    pieces,
    turns,
    /** Microseconds of CPU for each piece, the fake engine's own included. */
    empty: summarise(empty ?? []),
    long: summarise(long ?? []),
    engineAlone: summarise(engineAlone ?? []),
    growth: againstBound(median(long ?? []) / median(empty ?? []), 1),
    bestGrowth: againstBound(Math.min(...(long ?? [])) / Math.min(...(empty ?? [])), 1),
  };
  context.print(result);
  return result;
}

function fake(pieces: number): ConstructorParameters<typeof FakeEngine>[0] {
  return { pieceMs: 1, answer: () => ({ text: "word".repeat(pieces).slice(0, pieces * pieceLength) }) };
}

async function microsecondsPerPiece(pieces: number, turns: number): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), "daylong-host-"));
  const engine = new FakeEngine(fake(pieces));
  const keeper = new ConversationKeeper({
    globalFolder: folder,
    workspace: "",
    limitBytes: () => 1e9,
    turnSettings: () => ({ model: "", contextSize: 0, systemPrompt: "", temperature: null, maxTokens: 0 }),
    say: () => undefined,
    log: () => undefined,
  });
  const controller = new ChatController({
    engine,
    host: new RecordingHost(),
    demoModelPath: "/demo.gguf",
    workspace: new MemoryWorkspace(),
    keeper,
  });
  let sent = 0;
  try {
    await keeper.open(controller);
    // What VS Code does with each message to the view.
    controller.attach((message) => (sent += JSON.stringify(message).length));
    await controller.receive({ type: "ready" });
    if (turns > 0) await controller.openTranscript(longDay(turns));
    await controller.receive({ type: "send", text: "warm up" });
    const cpu = process.cpuUsage();
    await controller.receive({ type: "send", text: "hello" });
    const { user, system } = process.cpuUsage(cpu);
    if (sent === 0) throw new Error("the view was sent nothing");
    return (user + system) / pieces;
  } finally {
    await keeper.close();
    controller.dispose();
    engine.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function stream(engine: FakeEngine, pieces: number): Promise<number> {
  await engine.load({ modelPath: "", systemPrompt: "", gpu: false });
  const cpu = process.cpuUsage();
  const parts = [{ id: "a.text", kind: "text" as const, text: "hello" }];
  await engine.send({ turnId: "a", parts }, { sampling: {} });
  const { user, system } = process.cpuUsage(cpu);
  engine.dispose();
  return (user + system) / pieces;
}
