import { existsSync } from "node:fs";
import path from "node:path";
import { demoModel } from "./defaults.ts";
import type { LabContext } from "./experiment.ts";
import { projectRoot } from "./projectRoot.ts";

/** Written by `npm run -s lab` in the repository; the quick one has a sixth of the layers. */
const randomModels = {
  full: { file: "qwen2-0.5b-full.q8_0.gguf", note: "random weights at the shape of Qwen2.5-0.5B" },
  quick: { file: "qwen2-0.5b-quick.q8_0.gguf", note: "random weights, four layers of the shape of Qwen2.5-0.5B" },
};

/** The model on which time is measured: the user's own, or random weights at the shape of a 0.5B model, or the demo. */
export function realShapeModel({ modelPath, quick }: LabContext): { readonly path: string; readonly note: string } {
  if (modelPath !== undefined) return { path: modelPath, note: "chosen" };
  const { file, note } = quick ? randomModels.quick : randomModels.full;
  const random = path.join(projectRoot(), ".rig", "bench", file);
  return existsSync(random) ? { path: random, note } : { path: demoModel, note: "the demo model: small for its time" };
}
