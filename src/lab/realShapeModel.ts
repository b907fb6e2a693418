import { existsSync } from "node:fs";
import path from "node:path";
import { demoModel } from "./defaults.ts";
import type { LabContext } from "./experiment.ts";
import { projectRoot } from "./projectRoot.ts";

/** Written by `npm run -s bench` and by `npm run -s lab`, in the repository only. */
const randomModel = path.join(".rig", "bench", "qwen2-0.5b-full.q8_0.gguf");

/** The model on which time is measured: the user's own, or random weights at the shape of a 0.5B model, or the demo. */
export function realShapeModel({ modelPath, quick }: LabContext): { readonly path: string; readonly note: string } {
  if (modelPath !== undefined) return { path: modelPath, note: "chosen" };
  const random = path.join(projectRoot(), randomModel);
  if (existsSync(random)) return { path: random, note: "random weights at the shape of Qwen2.5-0.5B" };
  return { path: demoModel, note: quick ? "the demo model" : "the demo model: no model of real shape is there" };
}
