import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { hasDisplay } from "./findDesktop.ts";
import { folders } from "./folders.ts";
import { installWorkbench } from "./installWorkbench.ts";
import { isEnding } from "./processGroup.ts";
import { startWorkbenchServer } from "./workbenchServer.ts";

/** Serves the workbench with the extension until the server ends or Ctrl+C is pressed. The conversation is kept. */
export async function startBrowserWorkbench(): Promise<void> {
  const dataFolder = path.join(folders.rig, "start");
  mkdirSync(dataFolder, { recursive: true });
  const server = await startWorkbenchServer(installWorkbench(), { dataFolder, openChat: true });
  const address = server.address();
  process.stdout.write(`\nVS Code with Daylong, for a browser on this machine (Ctrl+C ends it):\n\n  ${address}\n\n`);
  if (hasDisplay() && process.env["CI"] === undefined) openAddress(address);
  const code = await server.process.exited;
  if (isEnding()) return;
  throw new Error(`The server ended by itself with code ${code}:\n${server.process.output}`);
}

function openAddress(address: string): void {
  const [command, ...args] = opener();
  const browser = spawn(command, [...args, address], { stdio: "ignore", detached: true });
  // The address was printed: a browser that cannot be opened is no reason to end.
  browser.once("error", () => undefined);
  browser.unref();
}

function opener(): [string, ...string[]] {
  if (process.platform === "darwin") return ["open"];
  return process.platform === "win32" ? ["rundll32", "url.dll,FileProtocolHandler"] : ["xdg-open"];
}
