import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { RememberedTurn, RestoredFrom, WrittenReply } from "../../src/engine/engine.ts";
import { LlamaEngine } from "../../src/engine/worker/llamaEngine.ts";
import type { JournalContent } from "../../src/storage/journalContent.ts";
import { readJournal } from "../../src/storage/readJournal.ts";
import { CacheComparer } from "../fixtures/engine/cacheComparison.ts";
import { demoModel, engineBundle } from "../fixtures/engine/paths.ts";
import { killKinds, liveAndDie, onlyConversation, type KillKind } from "./windowLife.ts";
import type { FinishedTurn, WindowStatement } from "./windowStatement.ts";

/** Windows that live in one process, each with an engine of its own. */
const windowsOfALife = 4;
/** Lives after which new conversations are begun: some are young, most have forgotten their first turns. */
const livesOfAConversation = 12;
/** Milliseconds until the windows are open, as long as it has not been seen. */
const startupGuess = 3_000;
/**
 * Part of a key's length that counts as equal; a wrong token or position is off by the order of 1. In the first layer
 * each shift rounds to f16 anew (2^-11). In the others a token that was decoded alone differs from one that was decoded
 * in a batch: activations are rounded to eight bits for each product, and what falls to the other side adds up.
 */
const firstLayerTolerance = 0.004;
const tolerance = 0.05;
/** Characters: of a token of the demo model, and of what a stopped reply may owe. */
const longestToken = 32;
const longestOwed = 64;

export interface WindowKillSummary {
  readonly kills: number;
  readonly killed: Readonly<Record<KillKind, number>>;
  /** Finished turns that the windows had said to be on disk. */
  readonly promisedTurns: number;
  /** Where the model's memory came from after the kills. */
  readonly restoredFrom: Readonly<Partial<Record<RestoredFrom, number>>>;
  /** Replies of which the snapshot held more than the journal. */
  readonly writtenOn: number;
  readonly comparedTokens: number;
  /** Caches of which all layers were compared. */
  readonly wholeComparisons: number;
  readonly worstDeviation: number;
  readonly failures: readonly string[];
}

export interface WindowKillOptions {
  /** At least so many. */
  readonly kills: number;
  readonly firstSeed: number;
  /** Hears of failures at once, and of how far it is. */
  readonly report?: (line: string) => void;
}

/**
 * Kills windows and their engines at random moments, again and again. When a window is dead, every finished turn that was
 * said to be on disk must be in the journal to the last character, and what an engine brings back from snapshot and
 * journal must be what a fresh evaluation of the same tokens gives.
 */
export async function runWindowKills({ kills, firstSeed, report }: WindowKillOptions): Promise<WindowKillSummary> {
  const folder = mkdtempSync(join(tmpdir(), "daylong-windows-"));
  const storagePath = join(folder, "learned");
  const failures: string[] = [];
  const killed: Record<KillKind, number> = { engine: 0, window: 0, both: 0, late: 0 };
  const restoredFrom: Partial<Record<RestoredFrom, number>> = {};
  let [promisedTurns, comparedTokens, wholeComparisons, worstDeviation, writtenOn] = [0, 0, 0, 0, 0];
  let startup = startupGuess;
  const engine = new LlamaEngine(() => undefined);
  const comparer = new CacheComparer(engine, join(folder, "state"));
  const total = (): number => killKinds.reduce((sum, kind) => sum + killed[kind], 0);
  try {
    const script = await bundleWindow(folder);
    await engine.load({
      modelPath: demoModel,
      contextSize: 512,
      systemPrompt: "You are a coding assistant.",
      gpu: false,
      threads: 1,
      storagePath,
    });
    let promised: Map<string, FinishedTurn>[] = [];
    for (let life = 0; total() < kills; life++) {
      const seed = firstSeed + life;
      if (life % livesOfAConversation === 0) {
        promised = Array.from({ length: windowsOfALife }, () => new Map<string, FinishedTurn>());
      }
      const generation = Math.floor(life / livesOfAConversation);
      const folders = promised.map((_, index) => join(folder, `storage ä ${generation}.${index}`));
      const options = { folders, seed, enginePath: engineBundle, modelPath: demoModel, storagePath };
      const lived = await liveAndDie(script, options, join(folder, "output"), startup);
      startup = startupOf(lived.statements) ?? startup;
      for (const kind of lived.kills.flat()) killed[kind] += 1;
      if (lived.ended !== undefined) failures.push(`seed ${seed}: the windows ended by themselves, ${lived.ended}`);
      for (const [index, storage] of folders.entries()) {
        const statements = lived.statements.filter(({ conversation }) => conversation === index);
        const kinds = lived.kills[index]?.join(", ") ?? "";
        const finished = promised[index] ?? new Map<string, FinishedTurn>();
        promisedTurns += follow(finished, statements);
        const conversation = onlyConversation(storage);
        if (conversation === undefined || !existsSync(join(conversation, "journal.jsonl"))) {
          if (finished.size > 0) failures.push(`seed ${seed}.${index} (${kinds}): there is no journal`);
          continue;
        }
        const say = (what: string): void => {
          failures.push(`seed ${seed}.${index} (${kinds}): ${what}`);
          const kept = join(tmpdir(), `daylong-kill-${seed}.${index}`);
          cpSync(conversation, kept, { recursive: true });
          report?.(`${failures.at(-1) ?? ""}\n${JSON.stringify(statements)}\nkept in ${kept}`);
        };
        const read = await readJournal(join(conversation, "journal.jsonl"));
        if (read.report.damagedLines + read.report.missingRecords > 0) say(JSON.stringify(read.report));
        for (const problem of lostTurns(finished, read.content)) say(problem);

        // The engine still has the copy before this one open.
        const copy = join(folder, `copy ${index % 2}`);
        rmSync(copy, { recursive: true, force: true });
        cpSync(conversation, copy, { recursive: true, filter: (name) => !name.endsWith(".lock") });
        const from = await engine.openConversation(join(copy, "snapshot"));
        restoredFrom[from] = (restoredFrom[from] ?? 0) + 1;
        if (from !== "snapshot" && from !== "none") say(`the snapshot is ${from}`);
        const past = rememberedTurns(read.content);
        const { written } = await engine.restore(past);
        const told = past.at(-1)?.reply ?? "";
        if (written !== undefined && written.text.length > told.length) writtenOn += 1;
        if (written?.text.startsWith(told) === false) say(`${JSON.stringify(written)} instead of ${told}`);
        for (const problem of wrongCells(engine, read.content, written)) say(problem);
        if (engine.opened.conversation.rememberedTurns.length === 0) continue;
        // Keys are rotated with the next decode, so one is needed after an erase.
        const comparison = await engine.opened.conversation.settle(() => comparer.compare());
        if (comparison === undefined) throw new Error("nothing to compare");
        const { tokens, layers, worst } = comparison;
        comparedTokens += tokens;
        if (layers > 1) wholeComparisons += 1;
        worstDeviation = Math.max(worstDeviation, worst);
        if (!(worst <= (layers > 1 ? tolerance : firstLayerTolerance))) say(`keys deviate by ${worst}`);
      }
      if ((life + 1) % livesOfAConversation === 0) report?.(`${total()} kills, ${failures.length} failures`);
    }
  } finally {
    await comparer.dispose();
    await engine.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  return {
    kills: total(),
    killed,
    promisedTurns,
    restoredFrom,
    writtenOn,
    comparedTokens,
    wholeComparisons,
    worstDeviation,
    failures,
  };
}

/** Takes in what a window has said of a conversation. Returns how many turns it has said to be on disk. */
function follow(finished: Map<string, FinishedTurn>, statements: readonly WindowStatement[]): number {
  let count = 0;
  for (const statement of statements) {
    if ("replacing" in statement) finished.delete(statement.replacing);
    if (!("id" in statement)) continue;
    finished.set(statement.id, statement);
    count += 1;
  }
  return count;
}

function startupOf(statements: readonly WindowStatement[]): number | undefined {
  const first = statements.find((statement) => "took" in statement);
  return first !== undefined && "took" in first ? first.took : undefined;
}

function lostTurns(finished: ReadonlyMap<string, FinishedTurn>, content: JournalContent): string[] {
  return [...finished.values()].flatMap(({ id, user, reply }) => {
    const turn = content.find(id);
    if (turn?.user === user && turn.reply === reply) return [];
    return [`${id} is ${JSON.stringify(turn)}, not ${JSON.stringify({ user, reply })}`];
  });
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

/** Whether books and cells say the same, and what the journal says, or the snapshot of what was not in it yet. */
function wrongCells(engine: LlamaEngine, content: JournalContent, written: WrittenReply | undefined): string[] {
  const { conversation, sequence, tokenizer } = engine.opened;
  const problems: string[] = [];
  const booked = conversation.cache.segments.flatMap((segment) => segment.tokens);
  if (JSON.stringify(booked) !== JSON.stringify(sequence.tokens)) problems.push("books and cells differ");
  for (const turn of conversation.rememberedTurns) {
    const told = content.find(turn.turnId);
    for (const [id, text] of [
      [`${turn.turnId}.text`, told?.user],
      [turn.replyId, written?.turnId === turn.turnId ? written.text : told?.reply],
    ] as const) {
      const segment = conversation.cache.content(id);
      if (segment === undefined) continue;
      const spelled = tokenizer.decode(segment.tokens, [], false).trim();
      // What streams through the window may lose its front within a letter of several bytes.
      const held = segment.dropped === 0 ? spelled : spelled.replace(/^\uFFFD+/, "");
      // The last tokens of a stopped reply are owed: they are in the books, and not in a cell yet.
      const whole = text?.trim() ?? "";
      const isSame = segment.dropped === 0 ? whole.startsWith(held) : whole.includes(held);
      if (!isSame || whole.length - held.length > segment.dropped * longestToken + longestOwed)
        problems.push(`${id} is ${JSON.stringify(held)} in the cache, not ${JSON.stringify(text)}`);
    }
  }
  return problems;
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
