import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { folders } from "../rig/folders.ts";
import { thinned, type TrainingReport } from "./curve.ts";
import { writeModelGguf } from "./exportGguf.ts";
import { findPython, runPython } from "./python.ts";
import { measureRecall } from "./recall.ts";
import { recipes, type Recipe, type RecipeName } from "./recipes.ts";
import { readSafetensors } from "./safetensors.ts";
import { prepareData, type TrainingData } from "./trainingData.ts";

export interface RunOptions {
  readonly minutes?: number;
  readonly steps?: number;
  readonly seed: number;
  readonly threads: number;
}

interface Run {
  readonly name: RecipeName;
  /** The GGUF file. */
  readonly out: string;
}

/** Trains models whose recipes differ in nothing but in what a sample begins with, side by side on the same samples. */
export async function trainRecipes(runs: readonly Run[], options: RunOptions): Promise<void> {
  const names = runs.map(({ name }) => name);
  const recipe: Recipe = recipes[names[0]!];
  const python = findPython();
  const folder = path.join(folders.root, ".cache", "training", `${names.join("+")}.run`);
  const data = await prepareData(folders.root, folder, recipe);
  print({ names, ...options, ...data.facts, packages: data.facts.packages.length });
  const weightsOf = (name: string): string => path.join(folder, `${name}.safetensors`);
  const job = path.join(folder, "job.json");
  const trained = names.map((name) => ({ name, start: recipes[name].start, out: weightsOf(name) }));
  writeFileSync(job, JSON.stringify({ ...jobOf(recipe, data), ...options, runs: trained }));
  const reports: TrainingReport[] = [];
  const program = path.join(import.meta.dirname, "train.py");
  await runPython(python, [program, job], options.threads, (report) => {
    reports.push(report as TrainingReport);
    print(report);
  });
  for (const { name, out } of runs) {
    mkdirSync(path.dirname(out), { recursive: true });
    writeModelGguf(out, data.vocabulary, recipes[name], readSafetensors(weightsOf(name)));
    const own = reports.filter(({ run }) => run === name);
    await writeRecord(name, out, options, data, own);
  }
}

/** Writes what was trained how, and how it went, beside the model. */
async function writeRecord(
  name: RecipeName,
  model: string,
  options: RunOptions,
  data: TrainingData,
  reports: readonly TrainingReport[],
): Promise<void> {
  const recall = await measureRecall(model);
  const steps = reports.at(-1)?.step;
  const record = { ...recipes[name], name, ...options, steps, ...data.facts, recall, curve: thinned(reports) };
  const file = `${model.replace(/\.gguf$/, "")}.training.json`;
  writeFileSync(file, `${JSON.stringify(record, null, 1)}\n`);
  print({ model, record: file, recall });
}

/** What train.py reads, but for the time to take and the runs. */
function jobOf({ shape, batch, learningRate }: Recipe, data: TrainingData): object {
  return {
    ...shape,
    // A small sample of text may give fewer tokens than were asked for.
    vocabulary: data.vocabulary.tokens.length,
    tokens: data.tokens,
    validation: data.validation,
    batch,
    learningRate,
    logEvery: 50,
  };
}

export function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
