import path from "node:path";
import type { LabModel } from "./labModel.ts";
import { projectRoot } from "./projectRoot.ts";

/** The model that comes with Daylong: every experiment runs on it unless another is given. */
export const demoModel = path.join(projectRoot(), "media", "demo", "tiny-chat.q8_0.gguf");

/** Cells of a measurement's window, in tokens: what the model was trained at, but small enough to overflow often. */
export function windowFor({ trainedContext }: LabModel, most = 512): number {
  return trainedContext > 0 ? Math.min(trainedContext, most) : most;
}
