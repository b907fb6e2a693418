import type { Experiment } from "./experiment.ts";
import { boundary } from "./experiments/boundary.ts";
import { cacheSize } from "./experiments/cacheSize.ts";
import { chunk } from "./experiments/chunk.ts";
import { long } from "./experiments/long.ts";
import { ppl } from "./experiments/ppl.ts";
import { sinks } from "./experiments/sinks.ts";
import { speed } from "./experiments/speed.ts";
import { twins } from "./experiments/twins.ts";
import { yarn } from "./experiments/yarn.ts";

/** All experiments, in the order in which `all` runs them. */
export const experiments: readonly Experiment[] = [
  ppl, // one a line: several are added at a time
  sinks,
  cacheSize,
  boundary,
  chunk,
  long,
  speed,
  twins,
  yarn,
];
