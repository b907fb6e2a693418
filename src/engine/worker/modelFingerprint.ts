import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

/** Bytes read at the front (the metadata and the first weights) and at the end. */
const frontBytes = 1024 * 1024;
const endBytes = 64 * 1024;

/** Names a model file by its content without reading gigabytes: its size, its beginning and its end. */
export async function modelFingerprint(modelPath: string): Promise<string> {
  const file = await open(modelPath, "r");
  try {
    const { size } = await file.stat();
    const hash = createHash("sha256").update(String(size));
    for (const [position, length] of [
      [0, Math.min(frontBytes, size)],
      [Math.max(0, size - endBytes), Math.min(endBytes, size)],
    ] as const) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
      hash.update(buffer.subarray(0, bytesRead));
    }
    return hash.digest("hex");
  } finally {
    await file.close();
  }
}
