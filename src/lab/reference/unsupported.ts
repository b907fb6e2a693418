import { DaylongError } from "../../base/errors.ts";

export function unsupported(detail: string): DaylongError {
  return new DaylongError("model-unsupported", `The reference computation does not know this kind of model. ${detail}`);
}
