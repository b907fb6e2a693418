import type { Experiment } from "./experiment.ts";
import { cacheSize } from "./experiments/cacheSize.ts";
import { chunk } from "./experiments/chunk.ts";
import { ppl } from "./experiments/ppl.ts";
import { sinks } from "./experiments/sinks.ts";
import { speed } from "./experiments/speed.ts";

/** All experiments, in the order in which `all` runs them. */
export const experiments: readonly Experiment[] = [
  ppl, // one a line: several are added at a time
  sinks,
  cacheSize,
  chunk,
  speed,
];
