import { runTypeScript } from "../rig/runTypeScript.mjs";

// npm run -s train -- NAME [--minutes N | --steps N] [--seed S] [--out FILE] [--threads N]
await runTypeScript(async () => {
  const { train } = await import("./train.ts");
  await train(process.argv.slice(2));
});
