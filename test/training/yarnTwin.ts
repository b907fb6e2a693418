import { mkdirSync } from "node:fs";
import path from "node:path";
import { rewriteGguf } from "../fixtures/gguf/rewriteGguf.ts";
import { float32, text, uint32 } from "../fixtures/gguf/writeGguf.ts";
import { recipes } from "./recipes.ts";

const factor = 4;

/** Copies the learnable-sink twin with YaRN position scaling written into its metadata; the weights stay as they are. */
export function writeYarnTwin(source: string, out: string): void {
  const { context } = recipes["learnable-sink"].shape;
  mkdirSync(path.dirname(out), { recursive: true });
  rewriteGguf(source, out, {
    "general.name": text("twin YaRN"),
    "general.description": text(
      "The learnable-sink twin with YaRN position scaling in its metadata; not trained with it.",
    ),
    "llama.context_length": uint32(factor * context),
    "llama.rope.scaling.type": text("yarn"),
    "llama.rope.scaling.factor": float32(factor),
    "llama.rope.scaling.original_context_length": uint32(context),
  });
}
