import { existsSync } from "node:fs";
import path from "node:path";
import { DaylongError } from "../base/errors.ts";
import { projectRoot } from "./projectRoot.ts";

/** Small models that differ in one thing only; they come with the project's source, not with the extension. */
export type Twin = "vanilla" | "learnable-sink" | "zero-sink" | "yarn";

/** @throws DaylongError `usage` if this is not the project's source */
export function twinPath(twin: Twin): string {
  const file = path.join(projectRoot(), "test", "fixtures", "twins", `${twin}.gguf`);
  if (existsSync(file)) return file;
  throw new DaylongError(
    "usage",
    `The model ${path.basename(file)} is not here: it comes with Daylong's source code, not with the extension. ` +
      "Choose a model with --model.",
  );
}
