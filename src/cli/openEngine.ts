import { fileURLToPath } from "node:url";
import { EngineClient } from "../engine/engineClient.ts";

/** The engine in its forked process: its bundle lies beside that of the command line. */
export function openEngine(): EngineClient {
  const verbose = process.env["DAYLONG_LOG"] !== undefined;
  return new EngineClient({
    enginePath: fileURLToPath(new URL("./engine.mjs", import.meta.url)),
    log: (line) => {
      if (verbose) process.stderr.write(`${line}\n`);
    },
  });
}
