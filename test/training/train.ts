import path from "node:path";
import { parseArgs } from "node:util";
import { folders } from "../rig/folders.ts";
import { recipes, twinNames, type RecipeName } from "./recipes.ts";
import { print, trainRecipes, type RunOptions } from "./trainRecipes.ts";
import { writeYarnTwin } from "./yarnTwin.ts";

const usage = `npm run -s train -- NAME [--minutes N | --steps N] [--seed S] [--out FILE] [--threads N]

NAME       ${Object.keys(recipes).join(", ")}: trained from the start
           yarn: no training; the learnable-sink twin of test/fixtures/twins with YaRN position scaling
           twins: ${twinNames.join(", ")} side by side, step by step, and yarn from them
--steps    steps of training (the recipe says how many by default); --minutes: as many as fit into that time
--seed     of the weights and of the order of samples; 1 by default. The text is the same for every seed.
--out      the GGUF file (for twins: the folder); in .cache/training by default. The training's curve is written beside it.
--threads  1 by default`;

/** Trains models and writes them as GGUF; prints a JSON line for each report and one for each file. */
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
  const place = name === "twins" ? name : `${name}.gguf`;
  const out = path.resolve(values.out ?? path.join(folders.root, ".cache", "training", place));
  if (name === "yarn") {
    writeYarnTwin(path.join(folders.root, "test", "fixtures", "twins", "learnable-sink.gguf"), out);
    print({ model: out });
    return;
  }
  const trained: readonly RecipeName[] = name === "twins" ? twinNames : isRecipeName(name) ? [name] : [];
  const [first] = trained;
  if (first === undefined || positionals.length > 1) throw new Error(usage);
  const number = (option: "minutes" | "steps" | "seed" | "threads"): number => positive(option, values[option] ?? "");
  const options: RunOptions = {
    ...(values.minutes !== undefined
      ? { minutes: number("minutes") }
      : { steps: values.steps === undefined ? recipes[first].steps : number("steps") }),
    seed: number("seed"),
    threads: number("threads"),
  };
  const fileOf = (model: string): string => (name === "twins" ? path.join(out, `${model}.gguf`) : out);
  await trainRecipes(
    trained.map((recipe) => ({ name: recipe, out: fileOf(recipe) })),
    options,
  );
  if (name === "twins") writeYarnTwin(fileOf("learnable-sink"), fileOf("yarn"));
}

function isRecipeName(name: string): name is RecipeName {
  return Object.hasOwn(recipes, name);
}

function positive(option: string, value: string): number {
  const number = Number(value);
  if (!(number > 0)) throw new Error(`--${option} takes a number above 0, not "${value}".\n\n${usage}`);
  return number;
}
