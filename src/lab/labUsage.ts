import type { Experiment } from "./experiment.ts";

export function labUsage(experiments: readonly Experiment[]): string {
  return `npm run -s lab -- EXPERIMENT|all|any [--quick] [--model FILE] [--text FILE] [--json FILE] [--out FOLDER] [its own flags]
npm run -s lab -- page

  --quick        minutes instead of hours: fewer tokens, samples and rounds
  --model FILE   any GGUF that the engine runs; default: the demo model, or what the experiment is about
  --text FILE    the text to read; default: one that the lab has
  --json FILE    keeps what was found there as well
  --out FOLDER   keeps JSON and pictures there; default: .rig/lab
  --threads N    default: 1
  --seed N       default: 1

${experiments.map(entry).join("\n")}
  all            all of these, one after the other
  any            those that say something about any model (--model FILE)
  page           writes docs/measurements.md and its pictures from docs/lab/*.json
`;
}

function entry({ name, what, flags = {} }: Experiment): string {
  const own = Object.entries(flags).map(([flag, words]) => `\n${" ".repeat(17)}--${flag} N: ${words}`);
  return `  ${name.padEnd(14)} ${what}${own.join("")}`;
}
