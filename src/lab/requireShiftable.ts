import { DaylongError } from "../base/errors.ts";
import type { LabModel } from "./labModel.ts";

/**
 * For experiments that move cells: on a model whose cells the gate does not allow to be moved they would measure nonsense,
 * or end the process.
 *
 * @throws DaylongError `model-unsupported`
 */
export function requireShiftable({ verdict }: LabModel): void {
  if (verdict.mode === "stream") return;
  throw new DaylongError("model-unsupported", `This cannot be measured on this model. ${verdict.reasons.join(" ")}`);
}
