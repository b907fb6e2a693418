import { randomBytes } from "node:crypto";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { folders } from "./folders.ts";
import type { Workbench } from "./installWorkbench.ts";
import { ServerProcess } from "./serverProcess.ts";

/** Nothing in the workbench may call home, ask questions or cover the view under test. */
const quietSettings = {
  "security.workspace.trust.enabled": false,
  "workbench.startupEditor": "none",
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "workbench.enableExperiments": false,
  "workbench.tips.enabled": false,
  "chat.disableAIFeatures": true,
  "git.enabled": false,
  "window.restoreWindows": "none",
  "files.hotExit": "off",
};

export interface ServerOptions {
  /** User settings on top of the quiet ones. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Environment of the server and of the extension host. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly serverArguments?: readonly string[];
  /**
   * Which extension runs: that of the working tree (the default), the one in a VSIX file, or none, for tests that name
   * it in the payload.
   */
  readonly extension?: "workingTree" | "none" | { readonly vsix: string };
  /** Opens the chat with the demo model when the window has started. */
  readonly openChat?: boolean;
  /** Keeps the user's data here between runs; by default they are thrown away. */
  readonly dataFolder?: string;
}

/** A running VS Code server that listens on this machine only and opens to those who know its token. */
export interface WorkbenchServer {
  readonly process: ServerProcess;
  /** Throw-away copy of the sample workspace. */
  readonly workspace: string;
  /** Address of a file or folder of this machine, as the browser's workbench names it. */
  remoteUri(file: string): string;
  /** Address to open in a browser. `payload`: what the desktop would take as command line arguments. */
  address(payload?: readonly (readonly [string, string])[]): string;
  stop(): Promise<void>;
}

export async function startWorkbenchServer(
  workbench: Workbench,
  options: ServerOptions = {},
): Promise<WorkbenchServer> {
  mkdirSync(folders.runs, { recursive: true });
  const dataFolder = options.dataFolder ?? mkdtempSync(path.join(folders.runs, "run-"));
  const workspace = path.join(dataFolder, "workspace");
  const environment = serverEnvironment(dataFolder, options.environment ?? {});
  cpSync(folders.sampleWorkspace, workspace, { recursive: true });
  writeUserSettings(dataFolder, { ...quietSettings, ...options.settings });

  const base = [workbench.server, "--accept-server-license-terms", "--server-data-dir", dataFolder];
  rmSync(path.join(dataFolder, "extensions"), { recursive: true, force: true });
  if (options.openChat === true) linkExtension(dataFolder, folders.starter);
  const { extension = "workingTree" } = options;
  if (extension === "workingTree") linkExtension(dataFolder, folders.root);
  else if (extension !== "none") {
    installVsix(workbench.node, [...base, "--install-extension", extension.vsix, "--force"], environment);
  }
  const token = randomBytes(16).toString("hex");
  const network = ["--host", "127.0.0.1", "--port", "0", "--connection-token", token, "--telemetry-level", "off"];
  const server = new ServerProcess(
    workbench.node,
    [...base, ...network, ...(options.serverArguments ?? [])],
    environment,
  );
  const stop = async (): Promise<void> => {
    await server.stop();
    if (options.dataFolder === undefined) rmSync(dataFolder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const [, port = ""] = await server.waitForOutput(/Extension host agent listening on (\d+)/, 60_000);
    const authority = `127.0.0.1:${port}`;
    return {
      process: server,
      workspace,
      remoteUri: (file) => `vscode-remote://${authority}${file}`,
      address: (payload = []) =>
        `http://${authority}/?${new URLSearchParams({
          tkn: token,
          folder: workspace,
          ...(payload.length === 0 ? {} : { payload: JSON.stringify(payload) }),
        }).toString()}`,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * The server takes every folder that it finds here at its start for an installed extension. (The workbench accepts an
 * extension under development only together with a test driver, which hides notifications.)
 */
function linkExtension(dataFolder: string, source: string): void {
  const extensions = path.join(dataFolder, "extensions");
  mkdirSync(extensions, { recursive: true });
  symlinkSync(source, path.join(extensions, path.basename(source)), "junction");
}

function installVsix(node: string, args: readonly string[], environment: NodeJS.ProcessEnv): void {
  const result = spawnSync(node, args, { env: environment, encoding: "utf8" });
  if (result.status !== 0) throw new Error(`The VSIX could not be installed:\n${result.stdout}${result.stderr}`);
}

/** Keeps the server inside its data folder, and what an outer VS Code or npm says about itself out of it. */
function serverEnvironment(dataFolder: string, extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VSCODE_|ELECTRON_|npm_|NODE_OPTIONS$)/i.test(name),
  );
  const temporary = path.join(dataFolder, "tmp");
  mkdirSync(temporary, { recursive: true });
  return {
    ...Object.fromEntries(inherited),
    XDG_CONFIG_HOME: path.join(dataFolder, "xdg", "config"),
    XDG_DATA_HOME: path.join(dataFolder, "xdg", "data"),
    XDG_CACHE_HOME: path.join(dataFolder, "xdg", "cache"),
    XDG_RUNTIME_DIR: temporary,
    TMPDIR: temporary,
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
    ...extra,
  };
}

function writeUserSettings(dataFolder: string, settings: object): void {
  const user = path.join(dataFolder, "data", "User");
  mkdirSync(user, { recursive: true });
  writeFileSync(path.join(user, "settings.json"), `${JSON.stringify(settings, null, 2)}\n`);
}
