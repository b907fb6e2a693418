import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { readJournal } from "../../src/storage/readJournal.ts";
import { isFinished } from "../../src/storage/storedTurn.ts";
import { replyOf, type KeptTurn } from "./killedTurn.ts";

/** Kills after which a new conversation is begun. */
const livesOfAConversation = 25;
/** The writer lives this long at most once it has begun to write, in milliseconds. */
const longestLife = 120;

export interface KillSummary {
  readonly kills: number;
  readonly tornJournals: number;
  /** Turns that the writers had said to be on disk. */
  readonly promisedTurns: number;
  readonly failures: readonly string[];
}

/** Kills a process that writes a journal, again and again, and holds what is on disk against what it had said. */
export async function runKills(kills: number, firstSeed: number): Promise<KillSummary> {
  const folder = mkdtempSync(join(tmpdir(), "daylong-kill-"));
  const failures: string[] = [];
  let tornJournals = 0;
  let promisedTurns = 0;
  try {
    const writer = await bundleWriter(folder);
    let promised = new Map<string, KeptTurn>();
    for (let kill = 0; kill < kills; kill++) {
      const conversation = join(folder, `conversation ä ${Math.floor(kill / livesOfAConversation)}`);
      if (kill % livesOfAConversation === 0) promised = new Map();
      const seed = firstSeed + kill;
      const output = join(folder, "output");
      await liveAndDie(writer, [conversation, String(seed)], output, (seed * 7919) % longestLife);
      const said = readFileSync(output, "utf8").split("\n").slice(0, -1);
      for (const line of said) {
        const kept = JSON.parse(line) as KeptTurn;
        promised.set(kept.id, kept);
      }
      promisedTurns += said.length;
      const { content, report } = await readJournal(join(conversation, "journal.jsonl"));
      if (report.torn) tornJournals += 1;
      if (report.damagedLines > 0 || report.missingRecords > 0)
        failures.push(`seed ${seed}: ${JSON.stringify(report)}`);
      for (const kept of promised.values()) {
        const turn = content.find(kept.id);
        const version = Number(turn?.user.slice(-1));
        const whole = replyOf(kept.id, version);
        const isKept =
          turn !== undefined &&
          whole.startsWith(turn.reply) &&
          (version > kept.version ||
            (turn.reply.length >= kept.length &&
              (!kept.finished || isFinished(turn.status) || version > kept.version)));
        if (!isKept) failures.push(`seed ${seed}: ${JSON.stringify(kept)} is ${JSON.stringify(turn)}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  return { kills, tornJournals, promisedTurns, failures };
}

async function bundleWriter(folder: string): Promise<string> {
  const outfile = join(folder, "writer.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("killedWriter.ts", import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "warning",
  });
  return outfile;
}

/** Its output goes to a file: what it has written there before it dies is not lost. */
async function liveAndDie(writer: string, args: readonly string[], output: string, life: number): Promise<void> {
  const file = openSync(output, "w");
  const child = spawn(process.execPath, [writer, ...args], { stdio: ["ignore", file, "inherit"] });
  closeSync(file);
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  let code: number | null | undefined;
  void ended.then((value) => (code = value));
  while (statSync(output).size === 0 && code === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, life));
  if (code !== undefined) throw new Error(`The writer ended by itself with code ${String(code)}.`);
  child.kill("SIGKILL");
  await ended;
}
