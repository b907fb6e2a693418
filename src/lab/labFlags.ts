import { DaylongError } from "../base/errors.ts";

export interface LabFlags {
  readonly names: readonly string[];
  has(flag: string): boolean;
  text(flag: string): string | undefined;
  numbers(flag: string): readonly number[] | undefined;
}

const switches = new Set(["quick", "help"]);

/** Experiments have flags of their own (`--tokens 4000000`), so they are not listed: all but the switches take a value. */
export function parseLabFlags(args: readonly string[]): LabFlags {
  const names: string[] = [];
  const flags = new Map<string, string>();
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? "";
    if (!word.startsWith("--")) names.push(word);
    else if (switches.has(word.slice(2))) flags.set(word.slice(2), "");
    else {
      const value = args[++index];
      if (value === undefined || value.startsWith("--")) throw new DaylongError("usage", `${word} needs a value.`);
      flags.set(word.slice(2), value);
    }
  }
  return {
    names,
    has: (flag) => flags.has(flag),
    text: (flag) => flags.get(flag),
    numbers: (flag) => {
      const text = flags.get(flag);
      const values = text?.split(",").map(Number);
      if (values?.some((value) => !Number.isFinite(value)) === true) {
        throw new DaylongError(
          "usage",
          `--${flag} must be a number, or numbers with commas between, not "${text ?? ""}".`,
        );
      }
      return values;
    },
  };
}
