import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

export interface PackageText {
  /** Name and version. */
  readonly package: string;
  readonly text: string;
}

interface LockedPackage {
  readonly version?: string;
  readonly optional?: boolean;
}

/** The engine library is what the lab takes texts from that no model was trained on. */
const heldOut = /(^|\/)(node-llama-cpp|@node-llama-cpp)(\/|$)/;
/** Characters. One large package must not be most of the corpus. */
const mostPerPackage = 400_000;
const documentLength = { least: 200, most: 60_000 };
const longestLine = 1_000;

/**
 * TypeScript, type declarations and Markdown of the installed packages whose own license is MIT, in the order of their
 * names. The lock file pins their versions; packages of one platform only are left out, so the texts are the same
 * everywhere. Files that begin alike (`.d.ts` and `.d.cts`, say) are taken once.
 */
export function packageTexts(root: string): PackageText[] {
  const lock = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, LockedPackage>;
  };
  const seen = new Set<string>();
  return Object.entries(lock.packages)
    .filter(([location, { optional }]) => location !== "" && optional !== true && !heldOut.test(location))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([location]) => textsOf(path.join(root, location), seen));
}

function textsOf(folder: string, seen: Set<string>): PackageText[] {
  const manifest = path.join(folder, "package.json");
  if (!existsSync(manifest)) throw new Error(`${folder} is missing: install the dependencies with "npm ci".`);
  const { name, version, license } = JSON.parse(readFileSync(manifest, "utf8")) as Record<string, unknown>;
  if (license !== "MIT") return [];
  const texts: PackageText[] = [];
  let length = 0;
  for (const file of textFiles(folder)) {
    const text = readFileSync(file, "utf8").replaceAll("\r\n", "\n");
    const start = text.slice(0, 2_000);
    if (!isWorthReading(text) || seen.has(start) || length + text.length > mostPerPackage) continue;
    seen.add(start);
    length += text.length;
    texts.push({ package: `${String(name)}@${String(version)}`, text });
  }
  return texts;
}

function textFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mts|cts|tsx|md)$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !path.relative(folder, file).split(path.sep).includes("node_modules"))
    .sort();
}

function isWorthReading(text: string): boolean {
  if (text.length < documentLength.least || text.length > documentLength.most) return false;
  return !text.split("\n").some((line) => line.length > longestLine);
}
