import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { DaylongError } from "../../base/errors.ts";
import type { GateVerdict } from "../engine.ts";
import { checkHyperparameters } from "./ggufCheck.ts";
import { readGgufHeader, type GgufHeader } from "./ggufHeader.ts";
import { samplingOf } from "./samplingDefaults.ts";
import { judge, type GatePolicy } from "./gatePolicy.ts";
import { keyHeadSize, ModelMetadata, readModelTraits } from "./modelTraits.ts";

/** What this version of the engine can do for models that cannot be shifted. */
const currentPolicy: GatePolicy = { recomputeSupported: true };

/**
 * The gate's verdict on a model file, from its header alone: no native code sees the file. A file that could not even be
 * loaded is an error; a sound file that is not for Daylong is a verdict of mode `refuse` with reasons.
 * @throws DaylongError `model-not-found`, `model-is-directory`, `model-empty`, `model-not-gguf`, `model-damaged`, `model-unsupported`
 */
export async function inspectModel(modelPath: string, policy: GatePolicy = currentPolicy): Promise<GateVerdict> {
  const fileBytes = await checkFile(modelPath);
  const first = readHeader(modelPath);
  const others = await readOtherParts(modelPath, new ModelMetadata(first));
  // The first part of a model in several files may hold no weights at all.
  const tensors = [first, ...others].flatMap((part) => part.tensors);
  const metadata = new ModelMetadata({ ...first, tensors });
  checkHyperparameters(metadata);
  return {
    ...judge(readModelTraits(metadata), policy),
    name: metadata.text("general.name") ?? basename(modelPath),
    architecture: metadata.architecture,
    trainedContext: metadata.number(".context_length") ?? 0,
    headDim: keyHeadSize(metadata),
    layers: metadata.number(".block_count") ?? 0,
    fileBytes: others.reduce((bytes, part) => bytes + part.fileBytes, fileBytes),
    hasChatTemplate: metadata.text("tokenizer.chat_template") !== undefined,
    ...samplingOf(metadata),
  };
}

async function checkFile(path: string): Promise<number> {
  try {
    const file = await stat(path);
    if (file.isDirectory()) {
      throw new DaylongError(
        "model-is-directory",
        `${path} is a folder. Choose the model file in it, one that ends in .gguf.`,
      );
    }
    if (!file.isFile())
      throw new DaylongError("model-not-gguf", `${path} is not a regular file. Choose a file that ends in .gguf.`);
    return file.size;
  } catch (error) {
    throw fileError(error, path);
  }
}

function readHeader(path: string): GgufHeader {
  try {
    return readGgufHeader(path);
  } catch (error) {
    throw fileError(error, path);
  }
}

/** Models in several files name their parts ...-00001-of-00003.gguf; the first is the one to open. */
async function readOtherParts(path: string, metadata: ModelMetadata): Promise<GgufHeader[]> {
  const count = metadata.number("split.count") ?? 1;
  if (count <= 1) return [];
  const match = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/.exec(basename(path));
  if (match === null || Number(match[2]) !== 1 || Number(match[3]) !== count) {
    throw new DaylongError(
      "model-unsupported",
      `This file is one of the ${count} parts of a model. Put all parts into one folder, keep their names (...-00001-of-${String(count).padStart(5, "0")}.gguf) and choose the first.`,
    );
  }
  const parts: GgufHeader[] = [];
  for (let part = 2; part <= count; part++) {
    const partPath = join(
      dirname(path),
      `${match[1] ?? ""}-${String(part).padStart(5, "0")}-of-${match[3] ?? ""}.gguf`,
    );
    await checkFile(partPath);
    parts.push(readHeader(partPath));
  }
  return parts;
}

function fileError(error: unknown, path: string): DaylongError {
  if (error instanceof DaylongError) return error;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const detail = error instanceof Error ? error.message : String(error);
  if (code === "ENOENT" || code === "ENOTDIR" || code === "ENAMETOOLONG") {
    return new DaylongError(
      "model-not-found",
      `There is no model file at ${path}. It may have been moved or deleted: choose it again.`,
      detail,
    );
  }
  if (code === "EACCES" || code === "EPERM") {
    return new DaylongError(
      "model-load-failed",
      `Daylong may not read ${path}. Allow reading it, or choose another file.`,
      detail,
    );
  }
  return new DaylongError(
    "model-load-failed",
    `${path} could not be read. Check the drive it is on, or choose another file.`,
    detail,
  );
}
