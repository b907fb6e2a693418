import { spawn } from "node:child_process";
import { closeSync, cpSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { RememberedTurn, RestoredFrom } from "../../src/engine/engine.ts";
import { ProcessLock } from "../../src/files/processLock.ts";
import { LlamaEngine } from "../../src/engine/worker/llamaEngine.ts";
import type { JournalContent } from "../../src/storage/journalContent.ts";
import { readJournal } from "../../src/storage/readJournal.ts";
import { CacheComparer } from "../fixtures/engine/cacheComparison.ts";
import { demoModel, engineBundle } from "../fixtures/engine/paths.ts";
import { isAlive } from "../fixtures/engine/processes.ts";
import type { WindowStatement } from "./windowStatement.ts";

/** Kills after which a new conversation is begun: some are young, most have forgotten their first turns. */
const livesOfAConversation = 12;
/** A window lives this long at most once it has begun to talk, in milliseconds. */
const longestLife = 1_500;
/**
 * Part of a key's length that counts as equal; a wrong token or position is off by the order of 1. In the first layer
 * each shift rounds to f16 anew (2^-11). In the others a token that was decoded alone differs from one that was decoded
 * in a batch: activations are rounded to eight bits for each product, and what falls to the other side adds up.
 */
const firstLayerTolerance = 0.004;
const tolerance = 0.05;

export interface WindowKillSummary {
  readonly kills: number;
  readonly killed: Readonly<Record<Target, number>>;
  /** Finished turns that the windows had said to be on disk. */
  readonly promisedTurns: number;
  /** Where the model's memory came from after the kills. */
  readonly restoredFrom: Readonly<Partial<Record<RestoredFrom, number>>>;
  readonly comparedTokens: number;
  /** Caches of which all layers were compared. */
  readonly wholeComparisons: number;
  readonly worstDeviation: number;
  readonly failures: readonly string[];
}

/** Characters: of a token of the demo model, and of what a stopped reply may owe. */
const longestToken = 32;
const longestOwed = 64;

const targets = ["engine", "window", "both"] as const;
type Target = (typeof targets)[number];

/**
 * Kills windows and their engines at random moments, again and again. After each, every finished turn that was said to
 * be on disk must be in the journal to the last character, and what the engine brings back from snapshot and journal
 * must be what a fresh evaluation of the same tokens gives.
 */
export async function runWindowKills(kills: number, firstSeed: number): Promise<WindowKillSummary> {
  const folder = mkdtempSync(join(tmpdir(), "daylong-windows-"));
  const failures: string[] = [];
  const killed = { engine: 0, window: 0, both: 0 };
  const restoredFrom: Partial<Record<RestoredFrom, number>> = {};
  let [promisedTurns, comparedTokens, wholeComparisons, worstDeviation] = [0, 0, 0, 0];
  const engine = new LlamaEngine(() => undefined);
  const comparer = new CacheComparer(engine, join(folder, "state"));
  try {
    const script = await bundleWindow(folder);
    await engine.load({
      modelPath: demoModel,
      contextSize: 512,
      systemPrompt: "You are a coding assistant.",
      gpu: false,
      threads: 1,
    });
    let promised = new Map<string, Extract<WindowStatement, { id: string }>>();
    for (let kill = 0; kill < kills; kill++) {
      const seed = firstSeed + kill;
      const storage = join(folder, `storage ä ${Math.floor(kill / livesOfAConversation)}`);
      if (kill % livesOfAConversation === 0) promised = new Map();
      const target = targets[seed % targets.length] ?? "both";
      killed[target] += 1;
      const statements = await liveAndDie(script, storage, seed, target, join(folder, "output"));
      for (const statement of statements) {
        if ("id" in statement) promised.set(statement.id, statement);
        if ("replacing" in statement) promised.delete(statement.replacing);
      }
      promisedTurns += statements.filter((statement) => "id" in statement).length;

      const conversation = onlyConversation(storage);
      const { content, report } = await readJournal(join(conversation, "journal.jsonl"));
      const say = (what: string): void => void failures.push(`seed ${seed} (${target}): ${what}`);
      if (report.damagedLines + report.missingRecords > 0) say(JSON.stringify(report));
      for (const { id, user, reply } of promised.values()) {
        const turn = content.find(id);
        if (turn?.user !== user || turn.reply !== reply) {
          say(`${id} is ${JSON.stringify(turn)}, not ${JSON.stringify({ user, reply })}`);
        }
      }

      const copy = join(folder, "copy");
      rmSync(copy, { recursive: true, force: true });
      cpSync(conversation, copy, { recursive: true, filter: (name) => !name.endsWith(".lock") });
      const from = await engine.openConversation(join(copy, "snapshot"));
      restoredFrom[from] = (restoredFrom[from] ?? 0) + 1;
      if (from !== "snapshot" && from !== "none") say(`the snapshot is ${from}`);
      await engine.restore(rememberedTurns(content));
      for (const problem of wrongCells(engine, content)) say(problem);
      if (engine.opened.sequence.length > 0) {
        // Keys are rotated with the next decode, so one is needed after an erase.
        const comparison = await engine.opened.conversation.settle(() => comparer.compare());
        if (comparison === undefined) throw new Error("nothing to compare");
        const { tokens, layers, worst } = comparison;
        comparedTokens += tokens;
        if (layers > 1) wholeComparisons += 1;
        worstDeviation = Math.max(worstDeviation, worst);
        if (!(worst <= (layers > 1 ? tolerance : firstLayerTolerance))) say(`keys deviate by ${worst}`);
      }
    }
  } finally {
    await comparer.dispose();
    await engine.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  return {
    kills,
    killed,
    promisedTurns,
    restoredFrom,
    comparedTokens,
    wholeComparisons,
    worstDeviation,
    failures,
  };
}

function rememberedTurns(content: JournalContent): RememberedTurn[] {
  return content.turns
    .filter((turn) => turn.reply !== "")
    .map(({ id, user, reply, pinned }) => {
      const replyTokenIds = content.replyTokens(id);
      return {
        turnId: id,
        parts: [{ id: `${id}.text`, kind: "text", text: user }],
        reply,
        pinned,
        ...(replyTokenIds === undefined ? {} : { replyTokenIds }),
      };
    });
}

/** Whether books and cells say the same, and what the journal says. */
function wrongCells(engine: LlamaEngine, content: JournalContent): string[] {
  const { conversation, sequence, tokenizer } = engine.opened;
  const problems: string[] = [];
  const booked = conversation.cache.segments.flatMap((segment) => segment.tokens);
  if (JSON.stringify(booked) !== JSON.stringify(sequence.tokens)) problems.push("books and cells differ");
  for (const turn of conversation.rememberedTurns) {
    const told = content.find(turn.turnId);
    for (const [id, text] of [
      [`${turn.turnId}.text`, told?.user],
      [turn.replyId, told?.reply],
    ] as const) {
      const segment = conversation.cache.content(id);
      if (segment === undefined) continue;
      const held = tokenizer.decode(segment.tokens, [], false).trim();
      // The last tokens of a stopped reply are owed: they are in the books, and not in a cell yet.
      const whole = text?.trim() ?? "";
      const isSame = segment.dropped === 0 ? whole.startsWith(held) : whole.includes(held);
      if (!isSame || whole.length - held.length > segment.dropped * longestToken + longestOwed)
        problems.push(`${id} is ${JSON.stringify(held)} in the cache, not ${JSON.stringify(text)}`);
    }
  }
  return problems;
}

function onlyConversation(storage: string): string {
  const folder = join(storage, "workspaces", "none", "conversations");
  const [name = "", ...more] = readdirSync(folder);
  if (more.length > 0) throw new Error(`one conversation expected in ${folder}`);
  return join(folder, name);
}

async function bundleWindow(folder: string): Promise<string> {
  const outfile = join(folder, "window.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("killedWindow.ts", import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    banner: {
      js: 'import { createRequire as createRequireForBundle } from "node:module"; const require = createRequireForBundle(import.meta.url);',
    },
    logLevel: "warning",
  });
  return outfile;
}

async function liveAndDie(
  script: string,
  storage: string,
  seed: number,
  target: Target,
  output: string,
): Promise<WindowStatement[]> {
  // To a file: what the window has written there before it dies is not lost.
  const file = openSync(output, "w");
  const window = spawn(process.execPath, [script, storage, String(seed), engineBundle, demoModel], {
    stdio: ["ignore", file, "inherit"],
  });
  closeSync(file);
  const dead = new Promise<void>((resolve) => window.once("exit", () => resolve()));
  const engines = (): number[] =>
    read(output).flatMap((statement) => ("engine" in statement && statement.engine > 0 ? [statement.engine] : []));
  while (statSync(output).size === 0) {
    if (window.exitCode !== null) throw new Error(`The window ended by itself with code ${window.exitCode}.`);
    await pause(5);
  }
  const life = (seed * 7919) % longestLife;
  await pause(life);
  if (target !== "window") kill(engines().at(-1));
  if (target === "engine") await pause(longestLife - life);
  window.kill("SIGKILL");
  await dead;
  // Engines that were not killed see that their window is gone, write a last snapshot and end. One that was started just
  // before the end has not been told of: it holds the snapshot's lock.
  for (const engine of new Set(engines())) while (isAlive(engine)) await pause(5);
  await pause(50);
  while (await ProcessLock.isHeld(join(onlyConversation(storage), "snapshot.lock"))) await pause(20);
  return read(output);
}

function kill(pid: number | undefined): void {
  if (pid === undefined || !isAlive(pid)) return;
  process.kill(pid, "SIGKILL");
}

function read(output: string): WindowStatement[] {
  return readFileSync(output, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as WindowStatement);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
