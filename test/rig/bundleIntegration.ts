import { readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { folders } from "./folders.ts";

/**
 * Compiles the integration tests for the extension host, which loads CommonJS and knows nothing of TypeScript. Each
 * test file becomes one of its own, so that none has to be listed by hand. Returns the path of their entry.
 */
export async function bundleIntegration(): Promise<string> {
  const source = path.join(folders.root, "test", "integration");
  const output = path.join(folders.root, "dist", "test");
  rmSync(output, { recursive: true, force: true });
  await build({
    entryPoints: [path.join(source, "index.ts"), ...testFiles(source)],
    outdir: output,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    sourcemap: "inline",
    external: ["vscode", "mocha"],
    logLevel: "warning",
  });
  return path.join(output, "index.cjs");
}

function testFiles(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files.filter((file) => file.endsWith(".test.ts")).map((file) => path.join(folder, file));
}
