import type { Experiment } from "./experiment.ts";
import { arc } from "./experiments/arc.ts";
import { attention } from "./experiments/attention.ts";
import { boundary } from "./experiments/boundary.ts";
import { cacheSize } from "./experiments/cacheSize.ts";
import { chunk } from "./experiments/chunk.ts";
import { instructions } from "./experiments/instructions.ts";
import { long } from "./experiments/long.ts";
import { ppl } from "./experiments/ppl.ts";
import { sinks } from "./experiments/sinks.ts";
import { speed } from "./experiments/speed.ts";
import { streameval } from "./experiments/streameval.ts";
import { twins } from "./experiments/twins.ts";
import { yarn } from "./experiments/yarn.ts";

/** All experiments, in the order in which `all` runs them. */
export const experiments: readonly Experiment[] = [
  ppl,
  sinks,
  cacheSize,
  chunk,
  boundary,
  streameval,
  arc,
  instructions,
  attention,
  speed,
  long,
  yarn,
  twins,
];
