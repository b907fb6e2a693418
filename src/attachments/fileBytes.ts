import { DaylongError } from "../base/errors.ts";

/** More than that is no text to be read as a whole, whatever the model. Bytes. */
export const largestFile = 1024 * 1024;

/** Bytes at the front that are looked at. */
const looked = 8192;

/** @throws DaylongError `attachment-too-large` */
export function assertNotHuge(name: string, bytes: number): void {
  if (bytes <= largestFile) return;
  const size = (bytes / 1024 ** 2).toFixed(bytes < 10 * 1024 ** 2 ? 1 : 0);
  throw new DaylongError(
    "attachment-too-large",
    `${name} is too large to attach: ${size} MB, and 1 MB is the most. Select the lines that matter and attach those.`,
  );
}

/** @throws DaylongError `attachment-binary` */
export function assertIsText(name: string, bytes: Uint8Array): void {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16) return;
  const front = bytes.subarray(0, looked);
  const strange = front.filter((byte) => byte < 9 || (byte > 13 && byte < 27) || (byte > 27 && byte < 32)).length;
  if (front.includes(0) || strange > front.length / 10) {
    throw new DaylongError("attachment-binary", `${name} is not a text file, so the model cannot read it.`);
  }
}
