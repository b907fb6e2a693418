import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { rounded } from "../../src/base/statistics.ts";

/** What a benchmark is given. */
export interface BenchContext {
  /** A small model and few rounds: to see that it works, not to be quoted. */
  readonly quick: boolean;
  /** A flag of the benchmark's own (`--turns 20`), as a number. */
  number(name: string, otherwise: number): number;
  /** A flag that lists numbers (`--contexts 1024,2048`). */
  numbers(name: string, otherwise: readonly number[]): readonly number[];
  /** What this benchmark wrote to the JSON file before, for one that goes on where it stopped. */
  readonly before: unknown;
  /** To be called between two measurements: waits while this machine is needed for something else. */
  turn(): Promise<void>;
  /** Prints figures, as one line of JSON. */
  print(figures: object): void;
  /** Keeps what is measured so far, in the JSON file. */
  keep(result: unknown): void;
}

type Benchmark = (context: BenchContext) => Promise<unknown>;

interface Entry {
  readonly what: string;
  readonly load: () => Promise<{ readonly run: Benchmark }>;
}

const benchmarks: Readonly<Record<string, Entry>> = {
  firstToken: {
    what: "time to the first token with a full window, beside LlamaChatSession (--turns, --contexts)",
    load: () => import("./firstToken.ts"),
  },
  decode: {
    what: "decoding through the engine's client, beside the library's own loop (--rounds, --tokens)",
    load: () => import("./decode.ts"),
  },
  pauses: {
    what: "a shift beside a decode step, snapshots and side questions beside reading again (--window, --shifts)",
    load: () => import("./pauses.ts"),
  },
  million: { what: "a million tokens through a window of 512 (--tokens, --every)", load: () => import("./million.ts") },
  prefill: { what: "reading and decoding by batch, window and flash attention", load: () => import("./prefill.ts") },
  startup: {
    what: "the engine process from its start to ready, and the extension's own start",
    load: () => import("./startup.ts"),
  },
  host: {
    what: "a streaming reply in the extension host, in an empty conversation and after a long day (--turns)",
    load: () => import("./host.ts"),
  },
  threads: { what: "decoding by threads, on an idle and on a busy machine", load: () => import("./threads.ts") },
  explainFirstToken: {
    what: "an explanation beside a warm conversation and alone (--rounds, --conversation)",
    load: () => import("./explainFirstToken.ts"),
  },
  longDay: { what: "the chat view with 5,000 turns", load: () => import("./longDay.ts") },
};

const usage = `npm run -s bench -- NAME [--json FILE] [--quick] [--pause-while FILE] [flags of the benchmark]

  --json FILE          keeps the figures there, beside those of other benchmarks; one that can goes on where it stopped
  --quick              a small model and few rounds
  --pause-while FILE   waits between two measurements while this file exists

${Object.entries(benchmarks)
  .map(([name, { what }]) => `  ${name.padEnd(18)} ${what}`)
  .join("\n")}
`;

/** Runs one benchmark by name. @throws if there is none, or a flag makes no sense */
export async function bench(args: readonly string[]): Promise<void> {
  const { name, flags } = parse(args);
  const entry = Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined;
  if (entry === undefined) throw new Error(usage);
  const text = (flag: string): string | undefined => flags.get(flag);
  const file = text("json");
  const kept = readKept(file);
  const keep = (result: unknown): void => {
    if (file === undefined) return;
    const all = { ...kept, machine: machine(), [name]: result };
    writeFileSync(`${file}.new`, `${JSON.stringify(all, rounded, 2)}\n`);
    renameSync(`${file}.new`, file);
  };
  const pause = text("pause-while");
  const { run } = await entry.load();
  const result = await run({
    quick: flags.has("quick"),
    number: (flag, otherwise) => numbersIn(text(flag))?.[0] ?? otherwise,
    numbers: (flag, otherwise) => numbersIn(text(flag)) ?? otherwise,
    before: kept[name],
    turn: async () => {
      while (pause !== undefined && existsSync(pause)) await sleep(200);
    },
    print: (figures) => process.stdout.write(`${JSON.stringify(figures, rounded)}\n`),
    keep,
  });
  keep(result);
}

/** Each benchmark has flags of its own, so they are not listed here: all but `--quick` are followed by a value. */
function parse(args: readonly string[]): { name: string; flags: ReadonlyMap<string, string> } {
  const flags = new Map<string, string>();
  let name = "";
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? "";
    if (!word.startsWith("--")) name = word;
    else if (word === "--quick") flags.set("quick", "");
    else {
      const value = args[++index];
      if (value === undefined) throw new Error(`${word} needs a value.\n\n${usage}`);
      flags.set(word.slice(2), value);
    }
  }
  return { name, flags };
}

function readKept(file: string | undefined): Readonly<Record<string, unknown>> {
  if (file === undefined || !existsSync(file)) return {};
  return JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<string, unknown>>;
}

function numbersIn(text: string | undefined): readonly number[] | undefined {
  if (text === undefined) return undefined;
  const numbers = text.split(",").map(Number);
  if (numbers.some((value) => !Number.isFinite(value))) throw new Error(`"${text}" is no list of numbers.`);
  return numbers;
}

function machine(): object {
  const [load] = loadavg();
  const { version, platform, arch } = process;
  return { processor: cpus()[0]?.model, cores: availableParallelism(), load, platform, arch, node: version };
}
