import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DaylongError, toErrorData } from "../base/errors.ts";
import type { LabContext } from "./experiment.ts";
import { experiments } from "./labExperiments.ts";
import { parseLabFlags, type LabFlags } from "./labFlags.ts";
import type { LabResult } from "./labResult.ts";
import { runExperiment } from "./runExperiment.ts";

const usage = `npm run -s lab -- EXPERIMENT|all [--quick] [--model FILE] [--text FILE] [--json FILE] [--out FOLDER] [its own flags]

  --quick        minutes instead of hours: fewer tokens, samples and rounds
  --model FILE   any GGUF that the engine runs; default: the demo model, or what the experiment is about
  --text FILE    the text to read; default: one that the lab has
  --json FILE    keeps what was found there as well
  --out FOLDER   keeps JSON and pictures there; default: .rig/lab
  --threads N    default: 1
  --seed N       default: 1

${experiments.map(({ name, what }) => `  ${name.padEnd(14)} ${what}`).join("\n")}
`;

async function run(args: readonly string[]): Promise<void> {
  const flags = parseLabFlags(args);
  const [name, ...rest] = flags.names;
  if (flags.has("help") || name === undefined) return void process.stdout.write(usage);
  const chosen = name === "all" ? experiments : experiments.filter((experiment) => experiment.name === name);
  if (chosen.length === 0 || rest.length > 0) {
    throw new DaylongError("usage", `There is no experiment "${flags.names.join(" ")}".\n\n${usage}`);
  }
  const folder = path.resolve(flags.text("out") ?? path.join(".rig", "lab"));
  mkdirSync(folder, { recursive: true });
  const results: LabResult[] = [];
  for (const [index, experiment] of chosen.entries()) {
    const command = `npm run -s lab -- ${[experiment.name, ...args.filter((word) => word !== name)].join(" ")}`;
    const context = labContext(flags, (fraction, what) =>
      tell(experiment.name, (index + fraction) / chosen.length, what),
    );
    const result = await runExperiment(experiment, context, command);
    results.push(result);
    writeFileSync(path.join(folder, `${experiment.name}.json`), `${JSON.stringify(result, null, 2)}\n`);
    process.stdout.write(
      `${JSON.stringify({ experiment: result.experiment, tables: result.tables, remarks: result.remarks })}\n`,
    );
  }
  const json = flags.text("json");
  if (json !== undefined)
    writeFileSync(json, `${JSON.stringify(chosen.length === 1 ? results[0] : results, null, 2)}\n`);
}

function labContext(flags: LabFlags, progress: LabContext["progress"]): LabContext {
  const number = (name: string, otherwise: number): number => flags.numbers(name)?.[0] ?? otherwise;
  return {
    quick: flags.has("quick"),
    modelPath: flags.text("model"),
    textPath: flags.text("text"),
    threads: number("threads", 1),
    seed: number("seed", 1),
    number,
    numbers: (name, otherwise) => flags.numbers(name) ?? otherwise,
    progress,
  };
}

function tell(experiment: string, fraction: number, what: string): Promise<void> {
  if (process.stderr.isTTY) process.stderr.write(`\r${experiment} ${(100 * fraction).toFixed(0)} %: ${what}\u001b[K`);
  return Promise.resolve();
}

run(process.argv.slice(2)).catch((error: unknown) => {
  const { code, message } = toErrorData(error);
  process.stderr.write(`daylong: ${message} [${code}]\n`);
  process.exitCode = code === "usage" ? 64 : 2;
});
