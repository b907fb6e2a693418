#!/usr/bin/env node
// Stands in for VS Code's `code` executable, see runInWorkbenchHost.ts.
import { register } from "tsx/esm/api";

register();
const { runInWorkbenchHost } = await import("./runInWorkbenchHost.ts");
process.exit(await runInWorkbenchHost(process.argv.slice(2)));
