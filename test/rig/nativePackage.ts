import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { folders } from "./folders.ts";
import type { LockedPackages } from "./lockfile.ts";
import { runNpm } from "./npm.mjs";
import type { PackageTarget } from "./packageTarget.ts";

/** Folder of the package with llama.cpp for a target: the installed one, or one fetched for another platform. */
export function nativePackageFolder(packages: LockedPackages, target: PackageTarget): string {
  const location = `node_modules/${target.nativePackage}`;
  const installed = path.join(folders.root, location);
  if (existsSync(installed)) return installed;

  const locked = packages[location];
  if (locked?.integrity === undefined) throw new Error(`package-lock.json does not know ${target.nativePackage}.`);
  const { version, integrity } = locked;
  const folder = path.join(folders.rig, "targets", target.name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // With a lockfile of its own, npm checks what it fetches against the hash that our lockfile holds.
  const project = { name: "target", version: "0.0.0", dependencies: { [target.nativePackage]: version } };
  const lock = { ...project, lockfileVersion: 3, packages: { "": project, [location]: { version, integrity } } };
  writeFileSync(path.join(folder, "package.json"), JSON.stringify(project));
  writeFileSync(path.join(folder, "package-lock.json"), JSON.stringify(lock));
  const platform = [`--os=${target.os}`, `--cpu=${target.cpu}`, "--libc=glibc"];
  runNpm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", ...platform], { cwd: folder, quiet: true });
  return path.join(folder, location);
}
