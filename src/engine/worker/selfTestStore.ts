import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SelfTestReport } from "./selfTest.ts";

/** Bump when the self-test or the engine library changes: what an older one found is not asked for any more. */
const version = "1/3.21.1";

type Entry =
  | { readonly state: "running"; readonly attempts: number }
  | { readonly state: "done"; readonly report: SelfTestReport };

/**
 * What the self-test found for each model, by fingerprint, in one small file each. A test that never ended took the
 * process down with it, or the user closed the window meanwhile: it is counted, and tried only once more.
 */
export class SelfTestStore {
  /** @param folder undefined: nothing is kept */
  constructor(private readonly folder: string | undefined) {}

  async read(fingerprint: string): Promise<Entry | undefined> {
    if (this.folder === undefined) return undefined;
    try {
      const entry: unknown = JSON.parse(await readFile(this.path(fingerprint), "utf8"));
      return isEntry(entry) ? entry : undefined;
    } catch {
      return undefined; // never written, or damaged: the test runs again
    }
  }

  async write(fingerprint: string, entry: Entry): Promise<void> {
    if (this.folder === undefined) return;
    try {
      await mkdir(this.folder, { recursive: true });
      const path = this.path(fingerprint);
      await writeFile(`${path}.new`, JSON.stringify({ version, ...entry }), { mode: 0o600 });
      await rename(`${path}.new`, path);
    } catch {
      // A folder that cannot be written costs the test at each load, nothing else.
    }
  }

  private path(fingerprint: string): string {
    return join(this.folder ?? "", `selftest-${fingerprint}.json`);
  }
}

function isEntry(value: unknown): value is Entry {
  if (typeof value !== "object" || value === null || !("version" in value) || value.version !== version) return false;
  if (!("state" in value)) return false;
  return (
    (value.state === "running" && "attempts" in value && typeof value.attempts === "number") ||
    (value.state === "done" && "report" in value && typeof value.report === "object")
  );
}
