// From nothing to ready: the engine process until it answers and until a model is loaded, beside the library alone doing
// the same in a fresh process; and what the extension costs the host when it is activated.
import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { EngineClient } from "../../src/engine/engineClient.ts";
import type { BenchContext } from "./bench.ts";
import { againstBound, median, summarise } from "../../src/base/statistics.ts";

const at = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const modelPath = at("../../media/demo/tiny-chat.q8_0.gguf");
const enginePath = at("../../dist/engine.mjs");

interface Start {
  /** Milliseconds from the fork to the first answer, and to the loaded model. */
  readonly answered: number;
  readonly loaded: number;
}

export async function run(context: BenchContext): Promise<unknown> {
  const rounds = context.number("rounds", context.quick ? 2 : 8);
  const storagePath = mkdtempSync(path.join(tmpdir(), "daylong-startup-"));
  try {
    // What is learned about a model once, its self-test, is learned here.
    const first = await startEngine(storagePath);
    const ours: Start[] = [];
    const bare: number[] = [];
    const activation: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await context.turn();
      ours.push(await startEngine(storagePath));
      bare.push(await startBare());
      activation.push(activate(storagePath));
    }
    const ready = ours.map(({ loaded }) => loaded);
    const result = {
      firstEver: first,
      answered: summarise(ours.map(({ answered }) => answered)),
      ready: summarise(ready),
      bareLibrary: summarise(bare),
      ratio: againstBound(median(ready.map((value, round) => value / (bare[round] ?? NaN))), 1),
      activation: summarise(activation),
    };
    context.print(result);
    return result;
  } finally {
    rmSync(storagePath, { recursive: true, force: true });
  }
}

async function startEngine(storagePath: string): Promise<Start> {
  const client = new EngineClient({ enginePath, log: () => undefined });
  try {
    const start = performance.now();
    await client.inspect(modelPath);
    const answered = performance.now() - start;
    await client.load({ modelPath, contextSize: 512, systemPrompt: "Be brief.", gpu: false, threads: 1, storagePath });
    return { answered, loaded: performance.now() - start };
  } finally {
    client.dispose();
  }
}

async function startBare(): Promise<number> {
  const start = performance.now();
  const child = fork(at("./bareStart.mjs"), [modelPath]);
  await once(child, "message");
  const time = performance.now() - start;
  child.kill();
  return time;
}

/** Stands for the workbench: can be called, constructed, extended, and asked for anything. */
const workbench = `
const nothing = new Proxy(function () {}, {
  get: (target, name) => (name === Symbol.toPrimitive ? () => "" : name === "prototype" ? target.prototype : nothing),
  getPrototypeOf: () => nothing,
  apply: () => nothing,
  construct: () => nothing,
});
module.exports = nothing;`;

/** Milliseconds to read and run the extension's bundle, in a process of its own with a workbench that does nothing. */
function activate(folder: string): number {
  const stand = path.join(folder, "vscode");
  mkdirSync(stand, { recursive: true });
  writeFileSync(path.join(stand, "index.js"), workbench);
  const bundle = JSON.stringify(at("../../dist/extension.js"));
  const script = `const start = performance.now(); require(${bundle}); process.stdout.write(String(performance.now() - start))`;
  const env = { ...process.env, NODE_PATH: folder };
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", script], { encoding: "utf8", env });
  if (stdout === "") throw new Error(stderr);
  return Number(stdout);
}
