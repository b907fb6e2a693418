/**
 * Every failure a user can meet, by a stable code. Errors are matched by code, never by message text.
 * The text is in the product's voice: what happened, then what can be done.
 */
export type ErrorCode =
  | "model-not-found"
  | "model-is-directory"
  | "model-empty"
  | "model-not-gguf"
  | "model-damaged"
  | "model-unsupported"
  | "model-load-failed"
  | "out-of-memory"
  | "window-too-small"
  | "engine-crashed"
  | "engine-stopped"
  | "engine-missing"
  | "gpu-lost"
  | "platform-unsupported"
  | "no-model"
  | "busy"
  | "turn-unknown"
  | "pins-full"
  | "nothing-to-regenerate"
  | "reply-forgotten"
  | "message-empty"
  | "detour-too-large"
  | "schema-unsupported"
  | "grammar-invalid"
  | "conversation-unknown"
  | "conversation-open"
  | "import-unreadable"
  | "import-newer"
  | "attachment-not-found"
  | "attachment-unreadable"
  | "attachment-too-large"
  | "attachment-binary"
  | "attachment-empty"
  | "measure-crashed"
  | "usage"
  | "internal";

/** An error with a code and a text made for the user. `detail` is for the log only. */
export class DaylongError extends Error {
  override readonly name = "DaylongError";

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly detail?: string,
  ) {
    super(message);
  }
}

/** The shape in which an error crosses a process boundary. */
export interface ErrorData {
  readonly code: ErrorCode;
  readonly message: string;
  readonly detail?: string;
}

export function toErrorData(error: unknown): ErrorData {
  if (error instanceof DaylongError) {
    return {
      code: error.code,
      message: error.message,
      ...(error.detail === undefined ? {} : { detail: error.detail }),
    };
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const message = error instanceof Error ? error.message : String(error);
  return { code: "internal", message: `Something went wrong inside Daylong: ${message}`, detail };
}

export function fromErrorData(data: ErrorData): DaylongError {
  return new DaylongError(data.code, data.message, data.detail);
}
