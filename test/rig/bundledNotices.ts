import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { folders } from "./folders.ts";

/** What esbuild says of a build: the files that went into it, relative to the root of the project. */
export interface BuildRecord {
  readonly inputs: Readonly<Record<string, unknown>>;
}

const licenseFile = /^(licen[cs]e|copying|notice)/i;

/** Folders of the packages whose code is in the bundles, for example `node_modules/preact`, in order. */
export function bundledPackages(records: readonly BuildRecord[]): string[] {
  const found = records
    .flatMap(({ inputs }) => Object.keys(inputs))
    .flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file.replaceAll("\\", "/"))?.[0] ?? []);
  return [...new Set(found)].sort();
}

/**
 * The notices that the licenses of bundled packages ask for. Packages that ship as they are keep their own files.
 *
 * @throws Error if a package has neither a license file nor a license in its manifest
 */
export function bundledNotices(locations: readonly string[]): string {
  const notices = locations.map((location) => {
    const folder = path.join(folders.root, location);
    const manifest = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as {
      readonly name: string;
      readonly version: string;
      readonly license?: string;
    };
    const texts = licenseFiles(folder).map((file) => readFileSync(file, "utf8").trim());
    if (texts.length === 0 && manifest.license === undefined) throw new Error(`${location} has no license.`);
    return [`${manifest.name} ${manifest.version} (${manifest.license ?? "see below"})`, ...texts].join("\n\n");
  });
  const rule = `\n\n${"-".repeat(80)}\n\n`;
  return `${["Daylong contains code of these packages, under their licenses:", ...notices].join(rule)}\n`;
}

/** Some packages keep those of what they contain themselves in a folder. */
function licenseFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => licenseFile.test(name))
    .flatMap((entry) => {
      const place = path.join(folder, entry.name);
      return entry.isFile() ? [place] : readdirSync(place).map((name) => path.join(place, name));
    })
    .sort();
}
