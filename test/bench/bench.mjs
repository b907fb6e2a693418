import { runTypeScript } from "../rig/runTypeScript.mjs";

// npm run -s bench -- NAME [--json FILE] [--quick]
await runTypeScript(async () => {
  const { bench } = await import("./bench.ts");
  await bench(process.argv.slice(2));
});
