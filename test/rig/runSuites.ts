import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { folders } from "./folders.ts";
import { suites, type Suite } from "./suites.ts";

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/**
 * Runs the named suites, or all of them, and prints the sum as the last line. Resolves to whether all is well: a
 * suite that could not run, a suite without tests and a skipped test are failures.
 */
export async function runSuites(names: readonly string[]): Promise<boolean> {
  const unknown = names.filter((name) => !suites.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    throw new Error(`No such suite: ${unknown.join(", ")}. There are ${suites.map(({ name }) => name).join(", ")}.`);
  }
  const chosen = suites.filter((suite) => names.length === 0 || names.includes(suite.name));
  const lines: string[] = [];
  let [passed, failed] = [0, 0];
  for (const suite of chosen) {
    process.stdout.write(`\n=== ${suite.name} ===\n`);
    const started = Date.now();
    const counts = await runSuite(suite);
    passed += counts.passed;
    failed += counts.failed;
    const seconds = Math.round((Date.now() - started) / 1000);
    lines.push(`${suite.name}: ${counts.passed} passed, ${counts.failed} failed (${seconds} s)`);
  }
  process.stdout.write(`\n${lines.join("\n")}\n${passed} passed, ${failed} failed\n`);
  return failed === 0;
}

async function runSuite(suite: Suite): Promise<Counts> {
  const resultFile = path.join(folders.results, `${suite.name}.json`);
  rmSync(resultFile, { force: true });
  const problem = await suite.run(resultFile);
  const { passes, failures, pending } = readResult(resultFile);
  const failed = failures + pending;
  if (pending > 0) process.stdout.write(`${suite.name}: ${pending} skipped, which counts as failed.\n`);
  if (passes + failed === 0) {
    process.stdout.write(`${suite.name}: no test ran${problem === undefined ? "" : `: the suite ${problem}`}.\n`);
    return { passed: 0, failed: 1 };
  }
  // Mocha's exit code is the number of failures; without any, something else is wrong.
  if (failed === 0 && problem !== undefined) {
    process.stdout.write(`${suite.name}: all tests passed, but the suite ${problem}.\n`);
    return { passed: passes, failed: 1 };
  }
  return { passed: passes, failed };
}

function readResult(file: string): { passes: number; failures: number; pending: number } {
  if (!existsSync(file)) return { passes: 0, failures: 0, pending: 0 };
  return JSON.parse(readFileSync(file, "utf8")) as { passes: number; failures: number; pending: number };
}
