import { readdirSync } from "node:fs";
import path from "node:path";
import Mocha from "mocha";

/** Called by VS Code in its extension host. Rejects when a test fails. */
export async function run(): Promise<void> {
  const mocha = new Mocha({
    ui: "bdd",
    timeout: 60_000,
    forbidOnly: true,
    reporter: path.join(__dirname, "../../test/rig/resultReporter.cjs"),
  });
  const files = readdirSync(__dirname, { recursive: true, encoding: "utf8" });
  for (const file of files.filter((name) => name.endsWith(".test.cjs")).sort())
    mocha.addFile(path.join(__dirname, file));
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  if (failures > 0) throw new Error(`${failures} of the tests failed.`);
}
