import type { GpuFallback, LoadOptions } from "../engine.ts";

/** A backend of the library; false: none, the CPU. */
export type Backend = "metal" | "cuda" | "vulkan" | false;

/** One way to load a model. */
export interface Attempt {
  /** The library's binary to use. */
  readonly backend: Backend;
  /** Whether layers go to the GPU, as many as fit. */
  readonly offload: boolean;
}

const names: Readonly<Record<Exclude<Backend, false>, string>> = { metal: "Metal", cuda: "CUDA", vulkan: "Vulkan" };

/**
 * What to try, best first: the GPUs that this machine has (`supported`, the library's finding), then the CPU.
 * On Apple Silicon there is one binary for both, and the CPU is that one without layers on the GPU.
 */
export function attemptsFor(gpu: LoadOptions["gpu"], supported: readonly Backend[]): Attempt[] {
  const backends = supported.filter((backend) => backend !== false);
  const cpu: Attempt = { backend: supported.includes(false) ? false : (backends[0] ?? false), offload: false };
  return gpu === false ? [cpu] : [...backends.map((backend) => ({ backend, offload: true })), cpu];
}

/** Why the GPU was given up; `undefined`: that is no reason to try the CPU. */
export function fallbackAfter(attempt: Attempt, code: string): GpuFallback | undefined {
  if (!attempt.offload || attempt.backend === false) return undefined;
  const gpu = names[attempt.backend];
  if (code === "out-of-memory") return { gpu, reason: "out-of-memory" };
  return code === "platform-unsupported" || code === "model-load-failed" ? { gpu, reason: "unavailable" } : undefined;
}

/** What the model runs on, as it is shown. */
export function gpuName(attempt: Attempt, gpuLayers: number): string {
  return attempt.backend === false || gpuLayers === 0 ? "CPU" : names[attempt.backend];
}
