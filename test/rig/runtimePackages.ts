import { resolveLocked, type LockedPackages } from "./lockfile.ts";

/**
 * Dependencies that are only for compiling llama.cpp, for the library's own command line or for that of its
 * downloader. The engine never loads them; a UI test runs the packed extension to prove it.
 */
const unused: Readonly<Record<string, readonly string[]>> = {
  "node_modules/node-llama-cpp": ["cmake-js", "ignore", "node-addon-api", "validate-npm-package-name", "yargs"],
  "node_modules/ipull": ["commander", "lowdb"],
};

/** The places of all packages that the engine process needs at run time, without the native one. */
export function runtimePackages(packages: LockedPackages): string[] {
  const found = new Set<string>();
  const visit = (location: string): void => {
    if (found.has(location)) return;
    found.add(location);
    for (const name of Object.keys(packages[location]?.dependencies ?? {})) {
      if (unused[location]?.includes(name) !== true) visit(resolveLocked(packages, location, name));
    }
  };
  visit("node_modules/node-llama-cpp");
  return [...found].sort();
}
