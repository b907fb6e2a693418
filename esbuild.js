// Bundles: dist/extension.js (host, cjs), dist/engine.mjs (forked engine, esm), dist/chat.js + chat.css (webview),
// dist/cli.mjs (command line), dist/lab.mjs (measurements). node-llama-cpp stays external: it is ESM with top-level await and finds its native
// binary relative to its own files, and its authors do not support bundling.
const fs = require("node:fs");
const path = require("node:path");
const esbuild = require("esbuild");

const watch = process.argv.includes("--watch");
const production = process.argv.includes("--production");
/** Where the bundles go; another folder keeps a build for shipping apart from the one being worked with. */
const outdir = path.resolve(
  __dirname,
  process.argv.find((argument) => argument.startsWith("--outdir="))?.slice(9) ?? "dist",
);

/** @type {import("esbuild").BuildOptions} */
const common = {
  bundle: true,
  minify: production,
  sourcemap: production ? false : "linked",
  logLevel: "warning",
  absWorkingDir: __dirname,
  legalComments: "none",
  define: { "process.env.NODE_ENV": JSON.stringify(production ? "production" : "development") },
};

/** vscode-jsonrpc is CommonJS: in an ESM bundle its calls of `require` need a real one. */
const requireShim = {
  js: 'import { createRequire as createRequireForBundle } from "node:module"; const require = createRequireForBundle(import.meta.url);',
};

/** @type {import("esbuild").BuildOptions[]} */
const bundles = [
  {
    ...common,
    entryPoints: { extension: "src/extension.ts" },
    outdir,
    platform: "node",
    format: "cjs",
    target: "node20",
    external: ["vscode"],
  },
  {
    ...common,
    entryPoints: { engine: "src/engine/worker/main.ts", cli: "src/cli/main.ts", lab: "src/lab/main.ts" },
    outdir,
    outExtension: { ".js": ".mjs" },
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["node-llama-cpp"],
    banner: requireShim,
  },
  {
    ...common,
    entryPoints: { chat: "webview-ui/main.tsx" },
    outdir,
    platform: "browser",
    format: "iife",
    target: ["chrome128"],
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".ttf": "file" },
    assetNames: "[name]",
  },
];

async function main() {
  fs.mkdirSync(outdir, { recursive: true });
  if (watch) {
    const contexts = await Promise.all(bundles.map((options) => esbuild.context({ ...options, logLevel: "info" })));
    await Promise.all(contexts.map((context) => context.watch()));
  } else {
    const results = await Promise.all(bundles.map((options) => esbuild.build({ ...options, metafile: true })));
    // What went into the bundles: the package for shipping names the licenses of all that.
    const records = results.map(({ metafile }) => ({ inputs: metafile.inputs }));
    if (production) fs.writeFileSync(path.join(outdir, "bundled.json"), JSON.stringify(records));
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
