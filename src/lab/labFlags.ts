import { parseArgs } from "node:util";
import { DaylongError } from "../base/errors.ts";
import type { Experiment, LabContext } from "./experiment.ts";

/** What is asked for on the command line. */
export interface LabCall {
  /** Positional words: the name of an experiment, `all`, `any` or `page`. */
  readonly names: readonly string[];
  readonly quick: boolean;
  readonly help: boolean;
  readonly json: string | undefined;
  readonly out: string | undefined;
  readonly model: string | undefined;
  readonly text: string | undefined;
  readonly threads: number;
  readonly seed: number;
  /** Flags of single experiments: numbers, by name. */
  readonly own: Readonly<Record<string, readonly number[]>>;
}

const common = {
  quick: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  model: { type: "string" },
  text: { type: "string" },
  json: { type: "string" },
  out: { type: "string" },
  threads: { type: "string" },
  seed: { type: "string" },
} as const;

/** @throws DaylongError `usage`: a flag that nobody knows, that lacks its value, or whose value is no number */
export function parseLabCall(args: readonly string[], experiments: readonly Experiment[]): LabCall {
  const ownNames = new Set(experiments.flatMap(({ flags }) => Object.keys(flags ?? {})));
  const { values, positionals } = parse(args, [...ownNames]);
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === "string" ? value : undefined;
  };
  const own = [...ownNames].flatMap((name) => {
    const value = text(name);
    return value === undefined ? [] : [[name, numbersOf(name, value)] as const];
  });
  return {
    names: positionals,
    quick: values["quick"] === true,
    help: values["help"] === true,
    json: text("json"),
    out: text("out"),
    model: text("model"),
    text: text("text"),
    threads: wholeNumber("threads", text("threads"), 1),
    seed: wholeNumber("seed", text("seed"), 0),
    own: Object.fromEntries(own),
  };
}

function parse(
  args: readonly string[],
  ownNames: readonly string[],
): { values: Readonly<Record<string, unknown>>; positionals: readonly string[] } {
  const own = Object.fromEntries(ownNames.map((name) => [name, { type: "string" as const }]));
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: { ...own, ...common } });
  } catch (error) {
    const [message] = (error instanceof Error ? error.message : String(error)).split(". ");
    throw new DaylongError("usage", `${message ?? ""}. "npm run -s lab -- --help" lists what there is.`);
  }
}

/** @throws DaylongError `usage` if none of the chosen experiments knows a flag that was given */
export function refuseForeignFlags({ own }: LabCall, chosen: readonly Experiment[]): void {
  const known = new Set(chosen.flatMap(({ flags }) => Object.keys(flags ?? {})));
  const foreign = Object.keys(own).find((name) => !known.has(name));
  if (foreign === undefined) return;
  const names = chosen.map(({ name }) => name).join(", ");
  throw new DaylongError("usage", `--${foreign} is not a flag of ${names}. "npm run -s lab -- --help" lists them.`);
}

/** What one experiment is given of it. */
export function labContext(
  call: LabCall,
  experiment: Experiment,
  folder: string,
  progress: LabContext["progress"],
): LabContext {
  const numbers = (name: string, otherwise: readonly number[]): readonly number[] => {
    if (experiment.flags?.[name] === undefined) throw new Error(`${experiment.name} does not declare --${name}`);
    return call.own[name] ?? otherwise;
  };
  return {
    quick: call.quick,
    modelPath: call.model,
    textPath: call.text,
    folder,
    threads: call.threads,
    seed: call.seed,
    number: (name, otherwise) => {
      const [value = otherwise, ...more] = numbers(name, [otherwise]);
      if (more.length > 0) throw new DaylongError("usage", `--${name} takes one number.`);
      return value;
    },
    numbers,
    progress,
  };
}

function numbersOf(name: string, text: string): readonly number[] {
  const values = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (values.every((value) => Number.isFinite(value) && value >= 0)) return values;
  throw new DaylongError("usage", `--${name} must be a number, or numbers with commas between, not "${text}".`);
}

function wholeNumber(name: string, text: string | undefined, least: number): number {
  const value = text === undefined || text.trim() === "" ? Number.NaN : Number(text);
  if (text === undefined) return 1;
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new DaylongError("usage", `--${name} must be a whole number of at least ${least}, not "${text}".`);
}
