import { runTypeScript } from "./runTypeScript.mjs";

await runTypeScript(async () => {
  const { start } = await import("./start.ts");
  await start(process.argv.slice(2));
});
