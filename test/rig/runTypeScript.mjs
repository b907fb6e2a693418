import { prepare } from "./prepare.mjs";

/**
 * Makes the clone ready, then runs a part of this tooling that is written in TypeScript, and ends the process: with
 * code 1 and a message without a stack when it rejects.
 *
 * @param {() => Promise<void>} body
 */
export async function runTypeScript(body) {
  try {
    prepare();
    const { register } = await import("tsx/esm/api");
    register();
    await body();
    process.exit();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
