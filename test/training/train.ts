import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { folders } from "../rig/folders.ts";
import { thinned, type TrainingReport } from "./curve.ts";
import { writeModelGguf } from "./exportGguf.ts";
import { findPython, runPython } from "./python.ts";
import { measureRecall } from "./recall.ts";
import { recipes, type Recipe, type RecipeName } from "./recipes.ts";
import { readSafetensors } from "./safetensors.ts";
import { prepareData, type TrainingData } from "./trainingData.ts";
import { writeYarnTwin } from "./yarnTwin.ts";

const usage = `npm run -s train -- NAME [--minutes N | --steps N] [--seed S] [--out FILE] [--threads N]

NAME       ${Object.keys(recipes).join(", ")}: trained from the start
           yarn: no training; the learnable-sink twin of test/fixtures/twins with YaRN position scaling
--steps    steps of training (the recipe says how many by default); --minutes: as many as fit into that time
--seed     of the weights and of the order of samples; 1 by default. The text is the same for every seed.
--out      the GGUF file; in .cache/training by default. The training's curve is written beside it.
--threads  1 by default`;

/** Trains a model and writes it as GGUF; prints a JSON line for each report and one at the end. */
export async function train(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      minutes: { type: "string" },
      steps: { type: "string" },
      seed: { type: "string", default: "1" },
      out: { type: "string" },
      threads: { type: "string", default: "1" },
    },
  });
  const name = positionals[0] ?? "";
  const out = path.resolve(values.out ?? path.join(folders.root, ".cache", "training", `${name}.gguf`));
  if (name === "yarn") {
    writeYarnTwin(out);
    print({ model: out });
    return;
  }
  if (!isRecipeName(name)) throw new Error(usage);
  const minutes = values.minutes === undefined ? undefined : positive("minutes", values.minutes);
  const steps = values.steps === undefined ? undefined : positive("steps", values.steps);
  await trainRecipe(name, out, {
    ...(minutes === undefined ? { steps: steps ?? recipes[name].steps } : { minutes }),
    seed: positive("seed", values.seed),
    threads: positive("threads", values.threads),
  });
}

interface RunOptions {
  readonly minutes?: number;
  readonly steps?: number;
  readonly seed: number;
  readonly threads: number;
}

async function trainRecipe(name: RecipeName, out: string, options: RunOptions): Promise<void> {
  const recipe: Recipe = recipes[name];
  const python = findPython();
  const folder = path.join(folders.root, ".cache", "training", `${name}.run`);
  const data = await prepareData(folders.root, folder, recipe);
  const { packages, ...dataFacts } = data.facts;
  print({ recipe: name, ...options, ...dataFacts, packages: packages.length });
  const weights = path.join(folder, "weights.safetensors");
  const job = path.join(folder, "job.json");
  writeFileSync(job, JSON.stringify(jobOf(recipe, data, weights, options)));
  const reports: TrainingReport[] = [];
  await runPython(python, [path.join(import.meta.dirname, "train.py"), job], (report) => {
    reports.push(report as TrainingReport);
    print(report);
  });
  mkdirSync(path.dirname(out), { recursive: true });
  writeModelGguf(out, data.vocabulary, recipe, readSafetensors(weights));
  const recall = await measureRecall(out);
  print({ recall });
  const curve = `${out.replace(/\.gguf$/, "")}.training.json`;
  const record = { recipe: name, ...options, ...recipe, ...data.facts, recall, curve: thinned(reports) };
  writeFileSync(curve, `${JSON.stringify(record, null, 1)}\n`);
  print({ model: out, curve });
}

/** What train.py reads. */
function jobOf(recipe: Recipe, data: TrainingData, weights: string, options: RunOptions): object {
  const { shape, start, batch, learningRate } = recipe;
  return {
    ...shape,
    // A small sample of text may give fewer tokens than were asked for.
    vocabulary: data.vocabulary.tokens.length,
    tokens: data.tokens,
    validation: data.validation,
    out: weights,
    start,
    batch,
    learningRate,
    logEvery: 50,
    ...options,
  };
}

function isRecipeName(name: string): name is RecipeName {
  return Object.hasOwn(recipes, name);
}

function positive(option: string, value: string): number {
  const number = Number(value);
  if (!(number > 0)) throw new Error(`--${option} takes a number above 0, not "${value}".\n\n${usage}`);
  return number;
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
