import { freemem, totalmem } from "node:os";
import { GgmlType, type LlamaModel } from "node-llama-cpp";
import type { LoadOptions } from "../engine.ts";
import type { MemoryNeed } from "./windowChoice.ts";

/** Tokens; two sizes to draw a straight line through: memory grows with the window like that. */
const sizes = { small: 512, large: 1_024 };

/** What a window of this model takes, for each kind of memory that it is in. */
export async function contextMemory(
  model: LlamaModel,
  fileBytes: number,
  valueCache: LoadOptions["valueCache"],
): Promise<{ readonly ram: MemoryNeed; readonly vram: MemoryNeed | undefined }> {
  const estimate = (contextSize: number): Promise<{ cpuRam: number; gpuVram: number }> =>
    model.fileInsights.estimateContextResourceRequirementsV2({
      contextSize,
      modelGpuLayers: model.gpuLayers,
      ...(valueCache === "q8_0" ? { kvCacheValueType: GgmlType.Q8_0, flashAttention: true } : {}),
    });
  const [small, large] = [await estimate(sizes.small), await estimate(sizes.large)];
  const need = (kind: "cpuRam" | "gpuVram", free: number, total: number): MemoryNeed => {
    const perToken = (large[kind] - small[kind]) / (sizes.large - sizes.small);
    return { free, total, base: small[kind] - perToken * sizes.small, perToken };
  };
  const total = totalMemory();
  // The file is read through a map: its pages count as free, but a decode needs all of them.
  const mapped = model.gpuLayers === 0 ? fileBytes : 0;
  const ram = need("cpuRam", Math.max(0, Math.min(freemem(), total) - mapped), total);
  if (model.gpuLayers === 0) return { ram, vram: undefined };
  const state = await model.llama.getVramState();
  return { ram, vram: need("gpuVram", state.free, state.total) };
}

/** A container may have less than the machine. */
function totalMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
