import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { runTests } from "@vscode/test-electron";
import { bundleIntegration } from "./bundleIntegration.ts";
import { folders } from "./folders.ts";

/** Desktop VS Code where a download is asked for, the workbench of this rig elsewhere. Resolves to an exit code. */
export async function runIntegration(): Promise<number> {
  const extensionTestsPath = await bundleIntegration();
  mkdirSync(folders.runs, { recursive: true });
  const folder = mkdtempSync(path.join(folders.runs, "code-"));
  const workspace = path.join(folder, "workspace");
  cpSync(folders.sampleWorkspace, workspace, { recursive: true });
  try {
    return await runTests({
      ...(process.env["DAYLONG_VSCODE"] === "desktop"
        ? { version: process.env["DAYLONG_VSCODE_VERSION"] ?? "stable", cachePath: path.join(folders.rig, "vscode") }
        : { vscodeExecutablePath: path.join(import.meta.dirname, "codeStandIn.mjs") }),
      extensionDevelopmentPath: folders.root,
      extensionTestsPath,
      launchArgs: [
        workspace,
        `--user-data-dir=${path.join(folder, "data")}`,
        `--extensions-dir=${path.join(folder, "extensions")}`,
      ],
    });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
