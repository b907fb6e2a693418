import { statSync } from "node:fs";
import path from "node:path";
import type { LabModel } from "./labModel.ts";
import type { ModelCard } from "./labResult.ts";

export function modelCard({
  model,
  path: file,
  verdict,
  trainedContext,
}: Pick<LabModel, "model" | "path" | "verdict" | "trainedContext">): ModelCard {
  const { metadata } = model.fileInfo;
  return {
    name: metadata.general.name ?? path.basename(file, ".gguf"),
    file: path.basename(file),
    architecture: verdict.architecture,
    megabytes: statSync(file).size / 1e6,
    trainedContext,
  };
}
