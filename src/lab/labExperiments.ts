import type { Experiment } from "./experiment.ts";
import { arc } from "./experiments/arc.ts";
import { attention } from "./experiments/attention.ts";
import { instructions } from "./experiments/instructions.ts";
import { ppl } from "./experiments/ppl.ts";
import { speed } from "./experiments/speed.ts";
import { streameval } from "./experiments/streameval.ts";

/** All experiments, in the order in which `all` runs them. */
export const experiments: readonly Experiment[] = [ppl, streameval, arc, speed, attention, instructions];
