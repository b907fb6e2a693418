import { InsufficientMemoryError } from "node-llama-cpp";
import { DaylongError } from "../../base/errors.ts";

/** A failure of the library while a model or a window was loaded, in the product's words. */
export function loadError(error: unknown): DaylongError {
  if (error instanceof DaylongError) return error;
  const detail = describe(error);
  if (
    error instanceof InsufficientMemoryError ||
    /out of memory|insufficient memory|too large for the available/i.test(detail)
  ) {
    return new DaylongError(
      "out-of-memory",
      "There is not enough free memory for this model and window. Choose a smaller window (daylong.model.contextSize), " +
        "a smaller model, or close other programs.",
      detail,
    );
  }
  return new DaylongError(
    "model-load-failed",
    "This model could not be loaded. The file may be damaged, or of a kind that the engine does not know yet. " +
      "Try to download it again, or choose another model.",
    detail,
  );
}

/** The native part is missing, or was built for another machine. */
export function nativePartError(error: unknown): DaylongError {
  return new DaylongError(
    "platform-unsupported",
    `Daylong's engine cannot run on this machine (${process.platform} ${process.arch}): its native part is missing ` +
      "or was built for another one. Install the extension for this platform.",
    describe(error),
  );
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
