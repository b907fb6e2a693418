import path from "node:path";
import { folders } from "./folders.ts";
import { runProgram } from "./runProgram.ts";

export interface Suite {
  readonly name: string;
  /** Runs the suite, which writes its counts to the file. Resolves to what went wrong, or to undefined. */
  run(resultFile: string): Promise<string | undefined>;
}

const minute = 60_000;

/** In this order: what is quick and points closest to the cause comes first. */
export const suites: readonly Suite[] = [
  mochaSuite("unit", 10_000, 3 * minute),
  mochaSuite("engine", 120_000, 12 * minute),
  {
    name: "integration",
    run: (resultFile) =>
      runProgram(
        ["--import", "tsx", path.join(import.meta.dirname, "runIntegration.mjs")],
        { DAYLONG_RESULTS: resultFile },
        6 * minute,
      ),
  },
  mochaSuite("ui", 60_000, 12 * minute, 1),
];

/**
 * `retries`: a browser beside a workbench on a machine that does something else too may miss a click. A second try is
 * printed with the failure that led to it, so that a test which needs it often is seen.
 */
function mochaSuite(name: string, testTimeoutMs: number, timeoutMs: number, retries = 0): Suite {
  return {
    name,
    run: (resultFile) =>
      runProgram(
        [
          "--import",
          "tsx",
          path.join(folders.root, "node_modules", "mocha", "bin", "mocha.js"),
          "--forbid-only",
          "--timeout",
          String(testTimeoutMs),
          "--retries",
          String(retries),
          "--reporter",
          path.join(import.meta.dirname, "resultReporter.cjs"),
          `test/${name}/**/*.test.{ts,tsx}`,
        ],
        { DAYLONG_RESULTS: resultFile },
        timeoutMs,
      ),
  };
}
