import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { folders } from "./folders.ts";
import { runNpm } from "./npm.mjs";

const codeServerVersion = "4.139.1";
const nodeVersion = "24.21.0";

/** The programs that make up a VS Code workbench in the browser. */
export interface Workbench {
  /** The Node that the server and its extension host run on. */
  readonly node: string;
  /** Entry of the VS Code server. */
  readonly server: string;
}

/**
 * Installs VS Code's server and workbench from npm, once. It is the same code as the desktop's, and needs neither a
 * download from outside the npm registry nor a compiler: the native add-ons are optional, so no install script runs.
 */
export function installWorkbench(): Workbench {
  const nodePackage = nodePackageName();
  const codeServer = path.join(folders.workbench, "node_modules", "code-server");
  const executable = process.platform === "win32" ? ["bin", "node.exe"] : ["bin", "node"];
  const workbench: Workbench = {
    node: path.join(folders.workbench, "node_modules", nodePackage, ...executable),
    server: path.join(codeServer, "lib", "vscode", "out", "server-main.js"),
  };
  const wanted = `${nodePackage}@${nodeVersion} code-server@${codeServerVersion}`;
  const stamp = path.join(folders.workbench, "installed.txt");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return workbench;

  process.stderr.write("Installing the VS Code workbench for the browser (once, about a minute)…\n");
  rmSync(folders.workbench, { recursive: true, force: true });
  mkdirSync(folders.workbench, { recursive: true });
  writeFileSync(path.join(folders.workbench, "package.json"), '{ "name": "daylong-workbench", "private": true }\n');
  const quickly = ["--ignore-scripts", "--no-audit", "--no-fund"];
  runNpm(["install", ...quickly, `${nodePackage}@${nodeVersion}`], { cwd: folders.workbench, quiet: true });
  const options = { cwd: folders.workbench, quiet: true, node: workbench.node };
  runNpm(["install", ...quickly, `code-server@${codeServerVersion}`], options);
  // "npm ci" refuses here: the shrinkwrap that code-server ships does not match its own package.json.
  runNpm(["install", "--omit=dev", ...quickly], { ...options, cwd: path.join(codeServer, "lib", "vscode") });
  writeFileSync(stamp, wanted);
  return workbench;
}

function nodePackageName(): string {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const supported = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64", "win-x64"];
  const name = `${platform}-${process.arch}`;
  if (supported.includes(name)) return `node-${name}`;
  throw new Error(
    `There is no browser workbench for ${name}. Install desktop VS Code and run the command again, ` +
      "with DAYLONG_CODE set to its executable.",
  );
}
