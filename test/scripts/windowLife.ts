import { spawn } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ProcessLock } from "../../src/files/processLock.ts";
import { isAlive } from "../fixtures/engine/processes.ts";
import { randomFrom } from "./randomFrom.ts";
import type { KilledWindowOptions, WindowStatement } from "./windowStatement.ts";

/** Who dies: an engine while its window lives on, a window, both at once, or the engine while it writes its last snapshot. */
export const killKinds = ["engine", "window", "both", "late"] as const;
export type KillKind = (typeof killKinds)[number];

/** One life in so many ends while conversations are being opened. */
const earlyDeaths = 6;
/** Milliseconds that an operation takes, as long as none has ended; and that a life lasts at most. */
const firstGuess = 1_500;
const longestLife = 30_000;
/** Milliseconds after the window's death within which an engine dies late. */
const latest = 60;

export interface WindowLife {
  /** Of each conversation, in the order of its kills. */
  readonly kills: readonly KillKind[][];
  readonly statements: readonly WindowStatement[];
  /** The process was not killed: how it ended. */
  readonly ended: string | undefined;
}

/**
 * A process with several windows and their engines from its start to its death. The moments of the kills are chosen by
 * the seed, and counted in operations, so that a busy machine sees the same ones: one in which some have ended, and a
 * random part of the time that the last one took.
 */
export async function liveAndDie(
  script: string,
  options: KilledWindowOptions,
  output: string,
  startupMs: number,
): Promise<WindowLife> {
  const random = randomFrom(options.seed * 7_919);
  // To a file: what the windows have written there before they die is not lost.
  const file = openSync(output, "w");
  const process = spawn(globalThis.process.execPath, [script, JSON.stringify(options)], {
    // The first is never written to: it closes when this process ends, and the windows end with it.
    stdio: ["pipe", file, "inherit"],
  });
  closeSync(file);
  const dead = new Promise<void>((resolve) => process.once("exit", () => resolve()));
  const begun = performance.now();
  const last = new Talks(output, options.folders.length);
  const plans = options.folders.map(() => ({ kind: killKinds[random(4)] ?? "window", next: 1 + random(2), at: 0 }));
  const kills: KillKind[][] = plans.map(() => []);
  const isEarly = random(earlyDeaths) === 0;
  const enough = options.folders.length * (2 + random(3));
  let end = isEarly ? begun + random(Math.ceil(startupMs * 1.2)) : begun + longestLife;
  let isEnding = isEarly;
  while (performance.now() < end && process.exitCode === null && process.signalCode === null) {
    await pause(10);
    const talks = last.read();
    for (const [index, { operations, took, engine }] of talks.entries()) {
      const plan = plans[index];
      if (plan?.kind !== "engine" || operations < plan.next) continue;
      if (plan.at === 0) plan.at = performance.now() + random(Math.ceil(took));
      if (performance.now() < plan.at || !kill(engine)) continue;
      kills[index]?.push("engine");
      plan.at = 0;
      plan.next = operations + 1 + random(2);
    }
    if (isEnding || talks.reduce((sum, { operations }) => sum + operations, 0) < enough) continue;
    isEnding = true;
    end = performance.now() + random(Math.ceil(Math.max(...talks.map(({ took }) => took))));
  }
  const { exitCode, signalCode } = process;
  const ended = exitCode === null && signalCode === null ? undefined : `code ${exitCode}, signal ${signalCode}`;
  for (const [index, { engine }] of last.read().entries()) {
    if (ended !== undefined) break;
    const { kind } = plans[index] ?? {};
    const dies = kind === "both" && kill(engine);
    kills[index]?.push(dies ? "both" : "window");
  }
  process.kill("SIGKILL");
  await dead;
  const late = last.read().entries();
  for (const [index, { engine }] of late) {
    if (plans[index]?.kind !== "late") continue;
    await pause(random(latest));
    if (kill(engine)) kills[index]?.splice(-1, 1, "late");
  }
  // Engines that were not killed see that their window is gone, write a last snapshot and end. One that was started just
  // before the end may not have been told of: it holds the snapshot's lock.
  for (const engine of last.engines) while (isAlive(engine)) await pause(5);
  await pause(50);
  for (const folder of options.folders) {
    const conversation = onlyConversation(folder);
    if (conversation === undefined) continue;
    while (await ProcessLock.isHeld(join(conversation, "snapshot.lock"))) await pause(20);
  }
  return { kills, statements: last.statements, ended };
}

/** Undefined: the window had not got that far. */
export function onlyConversation(storage: string): string | undefined {
  const folder = join(storage, "workspaces", "none", "conversations");
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return undefined;
  }
  const [name, ...more] = names;
  if (more.length > 0) throw new Error(`one conversation expected in ${folder}`);
  return name === undefined ? undefined : join(folder, name);
}

interface Talk {
  /** Since the windows were started, its own start among them. */
  operations: number;
  /** The last of them, in milliseconds. */
  took: number;
  engine: number;
}

/** What the windows have said so far. */
class Talks {
  readonly statements: WindowStatement[] = [];
  readonly engines = new Set<number>();
  private readonly talks: Talk[];
  private bytes = 0;

  constructor(
    private readonly output: string,
    count: number,
  ) {
    this.talks = Array.from({ length: count }, () => ({ operations: 0, took: firstGuess, engine: 0 }));
  }

  read(): readonly Talk[] {
    const { size } = statSync(this.output);
    if (size === this.bytes) return this.talks;
    this.bytes = size;
    const lines = readFileSync(this.output, "utf8").split("\n").slice(this.statements.length, -1);
    for (const line of lines) {
      const statement = JSON.parse(line) as WindowStatement;
      this.statements.push(statement);
      const talk = this.talks[statement.conversation];
      if (talk === undefined) continue;
      if ("engine" in statement) talk.engine = statement.engine;
      if ("engine" in statement && statement.engine > 0) this.engines.add(statement.engine);
      if (!("took" in statement)) continue;
      talk.operations += 1;
      talk.took = statement.took;
    }
    return this.talks;
  }
}

function kill(pid: number): boolean {
  if (pid === 0 || !isAlive(pid)) return false;
  process.kill(pid, "SIGKILL");
  return true;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
