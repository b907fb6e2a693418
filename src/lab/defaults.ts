import path from "node:path";
import { DaylongError } from "../base/errors.ts";
import type { LabModel } from "./labModel.ts";
import { projectRoot } from "./projectRoot.ts";

/** The model that comes with Daylong: every experiment runs on it unless another is given. */
export const demoModel = path.join(projectRoot(), "media", "demo", "tiny-chat.q8_0.gguf");

/** Sinks in the paper and in this project. */
export const usualSinks = 4;

/** Cells of a measurement's window, in tokens: what the model was trained at, but small enough to overflow often. */
export function windowFor({ trainedContext, verdict }: LabModel, most = 512): number {
  const trained = trainedContext > 0 ? Math.min(trainedContext, most) : most;
  // The library keeps one cell free and rounds up.
  return verdict.maxStreamWindow === undefined ? trained : Math.min(trained, verdict.maxStreamWindow - 1);
}

/** @throws DaylongError `model-unsupported` if the cells of this model cannot be moved in such a window */
export function requireStreaming({ verdict }: LabModel, window: number): void {
  if (verdict.mode === "stream" || window < (verdict.maxStreamWindow ?? 0)) return;
  throw new DaylongError(
    "model-unsupported",
    `This measures streaming, which this model cannot do in a window of ${window} tokens. ${verdict.reasons.join(" ")}`,
  );
}
