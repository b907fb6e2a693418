import type { LabResult } from "./labResult.ts";

/** What an experiment is given. */
export interface LabContext {
  /** Minutes instead of hours: fewer tokens, samples and rounds. Never another method. */
  readonly quick: boolean;
  /** Of the user's own, by `--model`; undefined: the experiment's own choice (the demo model, say). */
  readonly modelPath: string | undefined;
  /** Of the user's own, by `--text`; undefined: the lab's own text. */
  readonly textPath: string | undefined;
  /** Where results are kept; a long measurement keeps there what it has so far. */
  readonly folder: string;
  readonly threads: number;
  readonly seed: number;
  /** A flag of the experiment's own (`--tokens 4000000`), as a number. It must be among {@link Experiment.flags}. */
  number(name: string, otherwise: number): number;
  numbers(name: string, otherwise: readonly number[]): readonly number[];
  /**
   * To be called between two pieces of work: tells how far it is.
   *
   * @param fraction 0 … 1 of this experiment
   * @param what in a few words, what is measured now
   * @throws Cancelled when whoever asked has cancelled
   */
  progress(fraction: number, what: string): Promise<void>;
}

/** What an experiment gives back; the rest of a {@link LabResult} is the same for all. */
export type Findings = Pick<LabResult, "model" | "settings" | "tables" | "plots" | "remarks"> &
  Partial<Pick<LabResult, "text" | "raw" | "claims">>;

export interface Experiment {
  /** Name on the command line. */
  readonly name: string;
  readonly title: string;
  /** One line for the list of experiments. */
  readonly what: string;
  /** Flags of its own, each with a few words for the help: `{ tokens: "how many to read" }` is `--tokens N`. */
  readonly flags?: Readonly<Record<string, string>>;
  /** Says something about any model that it is given: part of "Measure This Model" and of `lab -- any`. */
  readonly suitsAnyModel?: boolean;
  run(context: LabContext): Promise<Findings>;
}
