import { availableParallelism, cpus, arch, platform } from "node:os";
import type { Experiment, LabContext } from "./experiment.ts";
import type { LabResult } from "./labResult.ts";

/** Runs one experiment and adds what is the same for all. `command`: as it would be typed. */
export async function runExperiment(experiment: Experiment, context: LabContext, command: string): Promise<LabResult> {
  const startedAt = performance.now();
  const findings = await experiment.run(context);
  return {
    experiment: experiment.name,
    title: experiment.title,
    command,
    quick: context.quick,
    machine: {
      processor: cpus()[0]?.model.trim() ?? "unknown",
      cores: availableParallelism(),
      platform: `${platform()}-${arch()}`,
    },
    measuredAt: new Date().toISOString(),
    seconds: Math.round((performance.now() - startedAt) / 1000),
    ...findings,
  };
}
