// npm run -s lab -- EXPERIMENT|all [flags]: the lab's command line, on a model of real shape where time is measured.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { runTypeScript } from "./runTypeScript.mjs";

const commandLine = fileURLToPath(new URL("../../dist/lab.mjs", import.meta.url));
/** Experiments that measure time: random weights take the same as trained ones, and there are none in the repository. */
const timed = ["speed", "all"];

await runTypeScript(async () => {
  const args = process.argv.slice(2);
  if (timed.includes(args[0] ?? "") && !args.includes("--model")) {
    const { benchModel } = await import("../bench/benchModel.ts");
    benchModel(args.includes("--quick") ? "quick" : "full");
  }
  const { status } = spawnSync(process.execPath, [commandLine, ...args], { stdio: "inherit" });
  process.exit(status ?? 1);
});
