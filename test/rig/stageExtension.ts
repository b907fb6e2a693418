import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { bundledNotices, bundledPackages, type BuildRecord } from "./bundledNotices.ts";
import { folders } from "./folders.ts";
import { readLockfile } from "./lockfile.ts";
import { nativePackageFolder } from "./nativePackage.ts";
import type { PackageTarget } from "./packageTarget.ts";
import { runtimePackages } from "./runtimePackages.ts";

const documents = ["README.md", "CHANGELOG.md", "LICENSE", ".vscodeignore"];

/**
 * Lays out what ships for a target, and returns the folder. The run-time packages lie beside the bundles, in
 * `dist/node_modules`: from there `engine.mjs` finds them, and the packer takes them as they are.
 */
export function stageExtension(target: PackageTarget): string {
  const stage = path.join(folders.root, "dist", "stage", target.name);
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  writeManifest(stage);
  const translations = readdirSync(folders.root).filter((name) => /^package\.nls(\..+)?\.json$/.test(name));
  for (const name of [...documents, ...translations, "media", "l10n"]) {
    const source = path.join(folders.root, name);
    if (!existsSync(source)) throw new Error(`${name} is missing, and belongs into every VSIX.`);
    cpSync(source, path.join(stage, name), { recursive: true });
  }
  const record = path.join(stage, "dist", "bundled.json");
  buildForShipping(path.dirname(record));
  const records = JSON.parse(readFileSync(record, "utf8")) as BuildRecord[];
  writeFileSync(path.join(stage, "THIRD-PARTY-NOTICES.txt"), bundledNotices(bundledPackages(records)));
  stageRuntime(path.join(stage, "dist"), target);
  return stage;
}

/** The manifest of the extension, without what is only for working on it: nothing is to be built or fetched again. */
function writeManifest(stage: string): void {
  const text = readFileSync(path.join(folders.root, "package.json"), "utf8");
  const forDevelopment = new Set([
    "scripts",
    "devDependencies",
    "dependencies",
    "prettier",
    "knip",
    "mocha",
    "private",
  ]);
  const manifest = Object.entries(JSON.parse(text) as object).filter(([key]) => !forDevelopment.has(key));
  writeFileSync(path.join(stage, "package.json"), `${JSON.stringify(Object.fromEntries(manifest), null, 2)}\n`);
}

function buildForShipping(outdir: string): void {
  const args = [path.join(folders.root, "esbuild.js"), "--production", `--outdir=${outdir}`];
  const result = spawnSync(process.execPath, args, { stdio: ["ignore", 2, 2] });
  if (result.status !== 0) throw new Error("The build for shipping failed; the errors are above.");
}

function stageRuntime(outdir: string, target: PackageTarget): void {
  const packages = readLockfile();
  const copy = (source: string, location: string): void => {
    cpSync(source, path.join(outdir, location), {
      recursive: true,
      dereference: true,
      filter: (file) => isNeeded(path.relative(source, file).replaceAll("\\", "/"), location),
    });
  };
  for (const location of runtimePackages(packages)) copy(path.join(folders.root, location), location);
  copy(nativePackageFolder(packages, target), `node_modules/${target.nativePackage}`);
}

function isNeeded(file: string, location: string): boolean {
  const name = path.posix.basename(file);
  if (/^(licen[cs]e|copying|notice)/i.test(name)) return true;
  // Nested packages have a place of their own in the list.
  if (/(^|\/)node_modules(\/|$)/.test(file)) return false;
  if (/\.(map|md|ts|cts|mts|tsbuildinfo)$/i.test(name)) return false;
  return location !== "node_modules/node-llama-cpp" || isNeededOfLlama(file);
}

/**
 * The library ships llama.cpp's source, templates for its project generator and its command line, 40 MB in all. It
 * reads the one JSON file at run time, and prints by way of the two helpers of its command line.
 */
function isNeededOfLlama(file: string): boolean {
  const kept = [
    "llama/binariesGithubRelease.json",
    "dist/cli/utils/ConsoleInteraction.js",
    "dist/cli/utils/getReadablePath.js",
  ];
  if (kept.some((wanted) => wanted === file || wanted.startsWith(`${file}/`))) return true;
  return !/^(llama|templates|bins|dist\/cli)(\/|$)/.test(file);
}
