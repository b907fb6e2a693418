import { spawn } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import path from "node:path";
import { folders } from "./folders.ts";
import { endProcessGroup, ownProcessGroup } from "./processGroup.ts";

/**
 * Opens the extension in desktop VS Code, with settings and extensions of its own, and waits until the window is
 * closed. The user's own VS Code is left alone.
 */
export async function startDesktop(command: string): Promise<void> {
  const workspace = path.join(folders.desktop, "workspace");
  mkdirSync(folders.desktop, { recursive: true });
  cpSync(folders.sampleWorkspace, workspace, { recursive: true });
  const args = [
    workspace,
    "--new-window",
    "--wait",
    "--skip-welcome",
    "--skip-release-notes",
    "--disable-workspace-trust",
    "--disable-telemetry",
    `--user-data-dir=${path.join(folders.desktop, "data")}`,
    `--extensions-dir=${path.join(folders.desktop, "extensions")}`,
    `--extensionDevelopmentPath=${folders.root}`,
    `--extensionDevelopmentPath=${folders.starter}`,
  ];
  if (process.getuid?.() === 0) args.push("--no-sandbox");
  process.stderr.write(`Opening VS Code (${command}). Close its window, or press Ctrl+C here, to end.\n`);
  const shell = process.platform === "win32";
  const quote = (text: string): string => (shell ? `"${text}"` : text);
  const window = spawn(quote(command), args.map(quote), {
    shell,
    env: desktopEnvironment(),
    stdio: ["ignore", "inherit", "inherit"],
    detached: !shell,
  });
  ownProcessGroup(window);
  const code = await new Promise<number | null>((resolve, reject) => {
    window.once("error", reject);
    window.once("exit", resolve);
  });
  await endProcessGroup(window);
  if (code !== 0) throw new Error(`VS Code ended with code ${String(code)}.`);
}

/** A terminal inside VS Code tells its children that they belong to that window. */
function desktopEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VSCODE_|ELECTRON_)/i.test(name)));
}
