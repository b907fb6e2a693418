import type { CpuTopology } from "./cpuTopology.ts";

/** Decoding waits for memory long before so many cores are busy, and each waits for the slowest. */
const mostThreads = 16;

/**
 * One thread for each fast core, and none for its second hardware thread, which would share its arithmetic unit. The
 * threads of one decode wait for each other by spinning: one that shares its core with the editor holds up all of them
 * (docs/measurements-speed.md, Threads). So the editor gets a core for itself, or the slow cores where there are some.
 */
export function chooseThreads({ performanceCores, hasEfficiencyCores, available }: CpuTopology): number {
  const cores = hasEfficiencyCores ? performanceCores : performanceCores - 1;
  return Math.max(1, Math.min(cores, available - 1, mostThreads));
}
