import { readFileSync } from "node:fs";
import path from "node:path";
import { folders } from "./folders.ts";

export interface LockedPackage {
  readonly version: string;
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** What package-lock.json says about each installed place, for example `node_modules/ora/node_modules/chalk`. */
export type LockedPackages = Readonly<Record<string, LockedPackage>>;

export function readLockfile(): LockedPackages {
  const text = readFileSync(path.join(folders.root, "package-lock.json"), "utf8");
  return (JSON.parse(text) as { packages: LockedPackages }).packages;
}

/** Where `name` is found by a module in `from`, the way Node looks for it. */
export function resolveLocked(packages: LockedPackages, from: string, name: string): string {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const candidate = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (packages[candidate] !== undefined) return candidate;
    if (folder === "") throw new Error(`package-lock.json has no ${name} for ${from}.`);
  }
}
