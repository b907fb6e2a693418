import { parseArgs } from "node:util";
import { findDesktop } from "./findDesktop.ts";
import { smoke } from "./smoke.ts";
import { startBrowserWorkbench } from "./startBrowserWorkbench.ts";
import { startDesktop } from "./startDesktop.ts";

/** Opens the extension in a real VS Code: the desktop's where there is one, else the workbench in the browser. */
export async function start(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { smoke: { type: "boolean", default: false }, shot: { type: "string" } },
  });
  if (values.smoke) return smoke(values.shot);
  const desktop = await findDesktop();
  return desktop === undefined ? startBrowserWorkbench() : startDesktop(desktop);
}
