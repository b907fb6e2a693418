import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { downloadAndUnzipVSCode, resolveCliPathFromVSCodeExecutablePath } from "@vscode/test-electron";
import { folders } from "./folders.ts";

const downloadTimeoutMs = 120_000;
/** A network that answers at all does so within this time. Milliseconds. */
const reachTimeoutMs = 5_000;

/** Whether a window can be opened here at all. */
export function hasDisplay(): boolean {
  if (process.platform === "darwin" || process.platform === "win32") return true;
  return (process.env["DISPLAY"] ?? "") !== "" || (process.env["WAYLAND_DISPLAY"] ?? "") !== "";
}

/** Command line of a desktop VS Code: the chosen one, an installed one or a downloaded one. */
export async function findDesktop(): Promise<string | undefined> {
  const chosen = process.env["DAYLONG_CODE"];
  if (chosen !== undefined && chosen !== "") {
    if (existsSync(chosen)) return chosen;
    throw new Error(`DAYLONG_CODE names ${chosen}, which does not exist.`);
  }
  if (!hasDisplay() || process.env["CI"] !== undefined || isRemoteShell()) return undefined;
  return onPath() ?? (await download());
}

/** In WSL and in a remote terminal `code` talks to a VS Code elsewhere, which cannot load this folder as it is. */
function isRemoteShell(): boolean {
  return process.env["WSL_DISTRO_NAME"] !== undefined || process.env["VSCODE_IPC_HOOK_CLI"] !== undefined;
}

function onPath(): string | undefined {
  const name = process.platform === "win32" ? "code.cmd" : "code";
  const candidates = (process.env["PATH"] ?? "").split(path.delimiter).map((folder) => path.join(folder, name));
  return candidates.find((candidate) => existsSync(candidate) && answers(candidate));
}

function answers(executable: string): boolean {
  const shell = process.platform === "win32";
  const result = spawnSync(shell ? `"${executable}"` : executable, ["--version"], { shell, timeout: 20_000 });
  return result.status === 0;
}

async function download(): Promise<string | undefined> {
  try {
    await fetch("https://update.code.visualstudio.com/api/releases/stable", {
      signal: AbortSignal.timeout(reachTimeoutMs),
    });
    const executable = await downloadAndUnzipVSCode({
      cachePath: path.join(folders.rig, "vscode"),
      timeout: downloadTimeoutMs,
    });
    return resolveCliPathFromVSCodeExecutablePath(executable);
  } catch (error) {
    process.stderr.write(
      `VS Code could not be downloaded (${error instanceof Error ? error.message : String(error)}).\n`,
    );
    return undefined;
  }
}
