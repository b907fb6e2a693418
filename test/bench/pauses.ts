// What interrupts a conversation, each beside what it replaces: the pause of a shift beside one decode step, writing and
// reading a snapshot beside reading the window again, and a side question beside a fresh context that has to read all.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { LlamaEngine } from "../../src/engine/worker/llamaEngine.ts";
import type { LlamaTokenSequence } from "../../src/engine/worker/llamaTokenSequence.ts";
import type { BenchContext } from "./bench.ts";
import { benchModel } from "./benchModel.ts";
import { againstBound, calm, median, summarise } from "../../src/base/statistics.ts";

/** Tokens that go with each shift, and tokens decoded one by one around it. */
const evicted = 64;
const decodedAround = 6;
const headTokens = 16;
const chunk = 128;

export async function run(context: BenchContext): Promise<unknown> {
  const contextSize = context.number("window", context.quick ? 512 : 1_024);
  const shifts = context.number("shifts", context.quick ? 5 : 40);
  const modelPath = benchModel(context.quick ? "quick" : "full");
  const engine = new LlamaEngine(() => undefined);
  await engine.load({ modelPath, contextSize, systemPrompt: "You are a coding assistant.", gpu: false, threads: 1 });
  try {
    const { sequence } = engine.opened;
    const aside = await sideQuestion(engine, context.quick ? 1 : 3);
    context.print({ contextSize, aside });
    const reading = await fill(sequence, sequence.capacity - decodedAround);
    const shift = await measureShifts(context, sequence, shifts);
    context.print({ contextSize, shift });
    const snapshot = await measureSnapshot(sequence, reading.perToken, context.quick ? 2 : 5);
    context.print({ contextSize, snapshot });
    return { contextSize, shift, snapshot, aside };
  } finally {
    await engine.close();
  }
}

/** Reads letters until so many cells are in use. */
async function fill(sequence: LlamaTokenSequence, length: number): Promise<{ perToken: number }> {
  const start = performance.now();
  const before = sequence.length;
  while (sequence.length < length) await sequence.append(letters(Math.min(chunk, length - sequence.length)));
  return { perToken: (performance.now() - start) / (length - before) };
}

async function measureShifts(context: BenchContext, sequence: LlamaTokenSequence, shifts: number): Promise<object> {
  const rounds: { step: number; pause: number; erase: number }[] = [];
  for (let shift = 0; shift < shifts; shift++) {
    await context.turn();
    await fill(sequence, sequence.capacity - decodedAround);
    const around: number[] = [];
    for (let step = 0; step < decodedAround; step++) around.push(await decodeOne(sequence));
    const step = median(around);
    const start = performance.now();
    await sequence.erase([{ start: headTokens, end: headTokens + evicted }]);
    const erase = performance.now() - start;
    // The keys are rotated inside the decode that follows.
    rounds.push({ step, erase, pause: erase + (await decodeOne(sequence)) - step });
  }
  const figures = (some: typeof rounds): object => {
    const [pause, decodeStep] = [summarise(some.map((one) => one.pause)), summarise(some.map((one) => one.step))];
    return {
      pause,
      decodeStep,
      erase: summarise(some.map((one) => one.erase)),
      /** Beside their bound, one decode step: at most 1 means that nobody sees a shift. */
      p50: againstBound(pause.p50, decodeStep.p50),
      p99: againstBound(pause.p99, decodeStep.p50),
    };
  };
  return { ...figures(rounds), undisturbed: figures([...calm(rounds, ({ step }) => step)]) };
}

async function decodeOne(sequence: LlamaTokenSequence): Promise<number> {
  const start = performance.now();
  await sequence.append(letters(1));
  return performance.now() - start;
}

async function measureSnapshot(sequence: LlamaTokenSequence, readingPerToken: number, rounds: number): Promise<object> {
  const folder = mkdtempSync(path.join(tmpdir(), "daylong-pauses-"));
  const file = path.join(folder, "cells");
  const [saves, loads]: number[][] = [[], []];
  try {
    for (let round = 0; round < rounds; round++) {
      let start = performance.now();
      await sequence.saveState(file);
      saves?.push(performance.now() - start);
      start = performance.now();
      await sequence.loadState(file);
      loads?.push(performance.now() - start);
    }
    const tokens = sequence.length;
    const again = readingPerToken * tokens;
    const [saveMs, loadMs] = [median(saves ?? []), median(loads ?? [])];
    return { tokens, bytes: statSync(file).size, saveMs, loadMs, readingAgainMs: again, timesFaster: again / loadMs };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A side question in a conversation that fills half of the window, and the same after reading that conversation anew. */
async function sideQuestion(engine: LlamaEngine, rounds: number): Promise<object> {
  const { sequence, runtime } = engine.opened;
  const text = "what does my function give back when its list is empty, and is it for good? ".repeat(2).slice(0, 100);
  const options = { sampling: { temperature: 0, maxTokens: 2 } };
  const half = Array.from({ length: Math.floor(runtime.context.contextSize / 2 / 128) }, (_, turn) => ({
    turnId: `t${turn}`,
    parts: [{ id: `t${turn}.text`, kind: "text" as const, text: text.slice(0, 50) }],
    reply: text.slice(0, 50),
    pinned: false,
  }));
  const [warm, fresh]: number[][] = [[], []];
  let conversationTokens = 0;
  let promptTokens = 0;
  for (let round = 0; round < rounds; round++) {
    await engine.reset();
    const start = performance.now();
    await engine.restore(half);
    conversationTokens = sequence.length;
    const reading = performance.now() - start;
    fresh?.push(reading + (await engine.detour("fresh", text, options)).timeToFirstTokenMs);
    const answer = await engine.detour("warm", text, options);
    ({ promptTokens } = answer);
    warm?.push(answer.timeToFirstTokenMs);
  }
  const [warmMs, freshMs] = [median(warm ?? []), median(fresh ?? [])];
  const bound = (conversationTokens + promptTokens) / promptTokens;
  await engine.reset();
  return { conversationTokens, promptTokens, warmMs, freshMs, ...againstBound(freshMs / warmMs, bound) };
}

function letters(count: number): number[] {
  return Array.from({ length: count }, (_, index) => "a".charCodeAt(0) + ((index * 7) % 26));
}
