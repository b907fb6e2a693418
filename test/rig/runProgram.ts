import { spawn } from "node:child_process";
import { folders } from "./folders.ts";
import { endProcessGroup, ownProcessGroup } from "./processGroup.ts";

/** The script ends groups of its own first, which takes its own time of grace. */
const graceMs = 12_000;

/**
 * Runs a script of the project with its output shown, and ends it with all its descendants when the time (ms) is over.
 * Resolves to what went wrong, or to undefined.
 */
export async function runProgram(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<string | undefined> {
  const program = spawn(process.execPath, args, {
    cwd: folders.root,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "inherit", "inherit"],
    detached: process.platform !== "win32",
  });
  ownProcessGroup(program, graceMs);
  const ended = new Promise<string | undefined>((resolve) => {
    program.once("error", (error) => resolve(error.message));
    program.once("exit", (code, signal) => {
      resolve(code === 0 ? undefined : `ended with ${signal === null ? `code ${String(code)}` : signal}`);
    });
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`did not end within ${timeoutMs / 1000} s`), timeoutMs);
  });
  const problem = await Promise.race([ended, late]);
  clearTimeout(timer);
  await endProcessGroup(program);
  return problem;
}
