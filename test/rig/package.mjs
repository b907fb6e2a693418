import { parseArgs } from "node:util";
import { runTypeScript } from "./runTypeScript.mjs";

// npm run package [-- --target linux-x64|linux-arm64|darwin-x64|darwin-arm64|win32-x64|win32-arm64]
await runTypeScript(async () => {
  const { values } = parseArgs({ options: { target: { type: "string" } } });
  const { packageExtension, printListing } = await import("./packageExtension.ts");
  printListing(await packageExtension(values.target));
});
