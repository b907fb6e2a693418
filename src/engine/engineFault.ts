import { DaylongError } from "../base/errors.ts";

/**
 * What the drivers print when the graphics processor is gone: Vulkan (`vk::DeviceLostError`, `ErrorDeviceLost`), CUDA
 * ("CUDA error: unspecified launch failure", an illegal access, a device that fell off the bus), Metal.
 */
const deviceLost =
  /device ?lost|CUDA error|GPU is lost|fallen off the bus|MTLCommandBufferError|command buffer \d+ failed/i;

/** Whether what an engine said before its end, or an error of its library, tells of a lost graphics processor. */
export function isDeviceLost(text: string): boolean {
  return deviceLost.test(text);
}

/** What the end of an engine process means to the user. `detail`: how it ended, and its last lines. */
export function engineFault(detail: string): DaylongError {
  if (/Cannot find (package|module)/.test(detail)) {
    return new DaylongError(
      "engine-missing",
      "A part of Daylong's engine is missing from this installation. Install the extension again, for this platform.",
      detail,
    );
  }
  if (isDeviceLost(detail)) {
    return new DaylongError(
      "gpu-lost",
      "The graphics processor went away while the model was using it, as can happen after sleep or with a new driver. " +
        "Your conversation is safe: the next message starts the engine again. If it happens again, set " +
        "`daylong.model.gpu` to `off`.",
      detail,
    );
  }
  return new DaylongError(
    "engine-crashed",
    "The engine stopped unexpectedly. Your conversation is safe: the next message starts it again.",
    detail,
  );
}
