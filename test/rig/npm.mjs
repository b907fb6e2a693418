import { spawnSync } from "node:child_process";
import path from "node:path";

/**
 * Runs npm and waits for it. Its output goes to standard error, or nowhere unless it fails, so that a caller's
 * standard output stays its own.
 *
 * @param {readonly string[]} args
 * @param {{ cwd: string, quiet?: boolean, node?: string }} options `node`: the Node that npm itself shall run on; npm
 *   picks versions by it.
 */
export function runNpm(args, { cwd, quiet = false, node = process.execPath }) {
  const npm = npmCommand(node);
  const result = spawnSync(npm.command, [...npm.args, ...args], {
    cwd,
    env: npmEnvironment(node),
    shell: npm.shell,
    stdio: ["ignore", quiet ? "pipe" : 2, quiet ? "pipe" : 2],
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.status === 0) return;
  const output = quiet ? `\n${result.stdout}${result.stderr}` : "";
  const cause = result.error === undefined ? `npm ended with code ${result.status}` : result.error.message;
  throw new Error(`"npm ${args.join(" ")}" failed: ${cause}.${output}`);
}

/** @param {string} node */
function npmCommand(node) {
  const own = process.env["npm_execpath"];
  if (own !== undefined && own.endsWith("npm-cli.js")) return { command: node, args: [own], shell: false };
  // On Windows npm is a .cmd file, which only a shell can start.
  return { command: "npm", args: [], shell: process.platform === "win32" };
}

/**
 * What an outer `npm start` says about itself must not reach the inner npm; the user's own npm settings must.
 *
 * @param {string} node
 */
function npmEnvironment(node) {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^npm_(package|lifecycle)_|^npm_(config_local_prefix|command|execpath|node_execpath)$/.test(name),
  );
  const environment = Object.fromEntries(kept);
  // Windows calls it "Path", and a copy of the environment no longer ignores case.
  const name = Object.keys(environment).find((key) => key.toLowerCase() === "path") ?? "PATH";
  return {
    ...environment,
    npm_config_update_notifier: "false",
    [name]: `${path.dirname(node)}${path.delimiter}${environment[name] ?? ""}`,
  };
}
