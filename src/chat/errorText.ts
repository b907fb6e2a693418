import type { ErrorCode, ErrorData } from "../base/errors.ts";
import type { ErrorView } from "../messages/chatMessages.ts";

export type Translate = (message: string, ...values: (string | number)[]) => string;

/**
 * What a failure is called in the user's language. The engine process speaks English only and adds particulars (the
 * file, the size); where the product speaks English too, its own words are better than these.
 */
export const errorTexts: Readonly<Record<Exclude<ErrorCode, "internal" | "usage">, string>> = {
  "model-not-found": "The model file was not found. It may have been moved; choose it again.",
  "model-is-directory": "This is a folder, not a model file. Choose a GGUF file in it.",
  "model-empty": "The model file is empty. Download it again, or choose another one.",
  "model-not-gguf": "This file is not a GGUF model. Choose a file that ends in .gguf.",
  "model-damaged": "The model file is incomplete or damaged. Download it again, or choose another one.",
  "model-unsupported": "This kind of model cannot run here. Choose another one.",
  "model-load-failed": "The model could not be loaded. The log says more; another model may work.",
  "out-of-memory": "There is not enough memory for this model. Choose a smaller model or a smaller window.",
  "window-too-small": "The window is too small for the instructions. Choose a larger window or shorter instructions.",
  "engine-crashed": "The engine stopped unexpectedly. Your next message starts it again.",
  "engine-stopped": "The engine was stopped. Your next message starts it again.",
  "gpu-lost":
    "The graphics processor went away. Your next message starts the engine again; if it happens again, set daylong.model.gpu to off.",
  "engine-missing": "A part of Daylong is missing. Install the extension again.",
  "platform-unsupported": "Daylong does not run on this kind of machine yet.",
  "no-model": "No model is chosen yet. Choose a model, or try the demo model.",
  busy: "A reply is still running. Wait for it, or stop it first.",
  "turn-unknown": "This turn is no longer there.",
  "pins-full": "There is no room for another pin. Unpin a turn first.",
  "nothing-to-regenerate": "There is no reply to replace yet.",
  "reply-forgotten":
    "The model no longer has this reply in its window, so it cannot go on with it. Regenerate it, or ask again.",
  "message-empty": "The message is empty.",
  "schema-unsupported": "Replies cannot be held to this JSON schema. Use a simpler one.",
  "grammar-invalid": "The grammar could not be read. The log says where it fails.",
  "attachment-not-found": "There is no such file any more.",
  "attachment-unreadable": "The file could not be read.",
  "attachment-too-large":
    "The file is too large to attach: 1 MB is the most. Select the lines that matter and attach those.",
  "attachment-binary": "This is not a text file, so the model cannot read it.",
  "attachment-empty": "There is nothing in it.",
  "detour-too-large": "This question is too long to be asked on the side. Shorten it.",
  "conversation-unknown": "This conversation is no longer there.",
  "conversation-open": "This conversation is open in another window. Close it there first.",
  "import-unreadable": "This file is not a conversation that Daylong has exported as JSON. Choose another one.",
  "measure-crashed":
    "The measurement ended unexpectedly. The chat is not affected, and what was found until then is kept; the log says more.",
  "import-newer": "This conversation was exported by a newer Daylong. Update Daylong to import it.",
};

/** Puts an error into words for the view. `isEnglish`: whether the product speaks English to this user. */
export function errorView(error: ErrorData, translate: Translate, isEnglish: boolean): ErrorView {
  if (isEnglish || error.code === "internal" || error.code === "usage") {
    return { code: error.code, message: error.message };
  }
  return { code: error.code, message: translate(errorTexts[error.code]) };
}
