// Makes a fresh clone ready: installs the dependencies and builds the bundles, each only when needed.
// Plain Node and nothing else: it runs before anything is installed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runNpm } from "./npm.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const bundles = ["extension.js", "engine.mjs", "cli.mjs", "lab.mjs", "chat.js"];
const sources = ["src", "webview-ui", "esbuild.js", "package.json", "package-lock.json"];
const buildStamp = path.join(root, "dist", ".build-stamp");

/** @param {{ quiet?: boolean }} options */
export function prepare({ quiet = false } = {}) {
  requireNode();
  if (!dependenciesAreCurrent()) {
    say(quiet, "Installing the dependencies (npm ci)…");
    runNpm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: root, quiet });
  }
  const state = sourceState();
  if (!buildIsCurrent(state)) {
    say(quiet, "Building…");
    build();
    mkdirSync(path.dirname(buildStamp), { recursive: true });
    writeFileSync(buildStamp, state);
  }
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 11)) return;
  throw new Error(`Node ${process.versions.node} is too old for this project: install Node 20.11 or newer.`);
}

/**
 * Compares what is locked with what npm noted down as installed. npm writes that note last, so an interrupted
 * installation is seen; optional packages are those of other platforms and may be missing.
 */
function dependenciesAreCurrent() {
  const locked = readPackages(path.join(root, "package-lock.json"));
  const installed = readPackages(path.join(root, "node_modules", ".package-lock.json"));
  if (locked === undefined || installed === undefined) return false;
  return Object.entries(locked).every(([location, { version, optional }]) => {
    if (location === "") return true;
    const found = installed[location]?.version;
    return found === version || (optional === true && found === undefined);
  });
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }> | undefined}
 */
function readPackages(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).packages : undefined;
}

/** @param {string} state */
function buildIsCurrent(state) {
  if (!bundles.every((bundle) => existsSync(path.join(root, "dist", bundle)))) return false;
  return existsSync(buildStamp) && readFileSync(buildStamp, "utf8") === state;
}

/** Names, sizes and times of everything that the bundles are made of: a deleted file counts as a change too. */
function sourceState() {
  const hash = createHash("sha256");
  for (const source of sources) {
    for (const file of filesUnder(path.join(root, source))) {
      const { size, mtimeMs } = statSync(file);
      hash.update(`${path.relative(root, file)}\0${size}\0${mtimeMs}\n`);
    }
  }
  return hash.digest("hex");
}

/**
 * @param {string} location
 * @returns {string[]}
 */
function filesUnder(location) {
  if (!statSync(location).isDirectory()) return [location];
  const entries = readdirSync(location, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

function build() {
  const result = spawnSync(process.execPath, [path.join(root, "esbuild.js")], { cwd: root, stdio: ["ignore", 2, 2] });
  if (result.status !== 0) throw new Error("The build failed; the errors are above.");
}

/**
 * @param {boolean} quiet
 * @param {string} text
 */
function say(quiet, text) {
  if (!quiet) process.stderr.write(`${text}\n`);
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    prepare({ quiet: process.argv.includes("--quiet") });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
