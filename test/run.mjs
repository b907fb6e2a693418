import { runTypeScript } from "./rig/runTypeScript.mjs";

// npm test [-- unit engine integration ui]
await runTypeScript(async () => {
  const { runSuites } = await import("./rig/runSuites.ts");
  process.exit((await runSuites(process.argv.slice(2))) ? 0 : 1);
});
