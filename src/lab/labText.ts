import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { DaylongError } from "../base/errors.ts";
import { projectRoot } from "./projectRoot.ts";

export interface LabText {
  /** Where it comes from, in words. */
  readonly source: string;
  readonly text: string;
}

/** No model that comes with the project was trained on these. */
const ownText = { folders: ["src", "webview-ui", "test", "docs"], extensions: [".ts", ".tsx", ".mjs", ".md"] };
const libraryText = { folders: ["node_modules/node-llama-cpp/dist"], extensions: [".js"] };

/**
 * The text that measurements read: the user's own file, else the project's own source text, else, where the extension is
 * installed, the program text of the engine library. Files are in order of their names, so it is the same text for all.
 *
 * @throws DaylongError `usage`
 */
export async function labText(file: string | undefined): Promise<LabText> {
  if (file !== undefined) {
    const text = await readFile(file, "utf8").catch((error: unknown) => {
      throw new DaylongError("usage", `The text ${file} cannot be read.`, String(error));
    });
    return { source: `${path.basename(file)} (${fingerprint(text)})`, text };
  }
  const root = projectRoot();
  const isRepository = existsSync(path.join(root, "src", "lab"));
  const { folders, extensions } = isRepository ? ownText : libraryText;
  const base = isRepository ? root : path.join(root, "dist");
  const files = await Promise.all(folders.map((folder) => filesIn(path.join(base, folder), extensions)));
  const texts = await Promise.all(files.flat().map((name) => readFile(name, "utf8")));
  const text = texts.join("\n");
  const origin = isRepository ? "source text of this project" : "program text of the engine library";
  return { source: `${origin} (${fingerprint(text)})`, text };
}

/** The project's text changes with every commit: figures are only alike if their texts are. */
function fingerprint(text: string): string {
  return `SHA-256 ${createHash("sha256").update(text).digest("hex").slice(0, 8)}`;
}

async function filesIn(folder: string, extensions: readonly string[]): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && extensions.includes(path.extname(entry.name)))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort((left, right) => (left < right ? -1 : 1));
}
