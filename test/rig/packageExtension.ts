import { statSync } from "node:fs";
import path from "node:path";
import { createVSIX, listFiles, PackageManager } from "@vscode/vsce";
import { folders } from "./folders.ts";
import { packageTarget } from "./packageTarget.ts";
import { stageExtension } from "./stageExtension.ts";

export interface PackedExtension {
  readonly vsix: string;
  /** Where the files lie that were packed. */
  readonly stage: string;
  /** What was packed, relative to `stage`. */
  readonly files: readonly string[];
}

/** Makes the VSIX for a target, by default this machine's. */
export async function packageExtension(targetName?: string): Promise<PackedExtension> {
  const target = packageTarget(targetName);
  const stage = stageExtension(target);
  const vsix = path.join(folders.root, "dist", `daylong-${target.name}.vsix`);
  await createVSIX({
    cwd: stage,
    target: target.name,
    packagePath: vsix,
    dependencies: false,
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
  });
  const files = await listFiles({ cwd: stage, packageManager: PackageManager.None });
  return { vsix, stage, files };
}

/** Prints what is in a VSIX: one line for each file of ours and for each package. */
export function printListing({ vsix, stage, files }: PackedExtension): void {
  const sizes = new Map<string, number>();
  for (const file of files) {
    const name = file.replaceAll("\\", "/");
    const line = /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name;
    sizes.set(line, (sizes.get(line) ?? 0) + statSync(path.join(stage, file)).size);
  }
  for (const [line, bytes] of [...sizes].sort()) {
    process.stdout.write(`${(bytes / 1000).toFixed(1).padStart(10)} kB  ${line}\n`);
  }
  const megabytes = (statSync(vsix).size / 1e6).toFixed(1);
  process.stdout.write(`${path.relative(folders.root, vsix)}: ${files.length} files, ${megabytes} MB\n`);
}
