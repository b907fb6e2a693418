import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { replaceFile } from "../../src/files/replaceFile.ts";

describe("a file that is replaced", () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "daylong-räplace-"));
    // Longer than the 260 characters that old Windows programs allow.
    path = join(folder, "ä".repeat(70), "日".repeat(60), "file.json");
    await replaceFile(path, ["old"]);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A rename as on a system whose antivirus program holds the file for so many tries. */
  const refusing = (code: string, times: number): { move: typeof rename; tries: () => number } => {
    let tries = 0;
    return {
      tries: () => tries,
      move: async (from, to) => {
        tries += 1;
        if (tries <= times) throw Object.assign(new Error(code), { code });
        await rename(from, to);
      },
    };
  };

  it("is for its owner only, whatever its path", async () => {
    assert.equal(await replaceFile(path, ["ne", "w"]), 3);
    assert.equal(readFileSync(path, "utf8"), "new");
    if (process.platform !== "win32") assert.equal(statSync(path).mode & 0o077, 0);
  });

  it("waits for who holds it: a rename that is refused is tried again", async () => {
    for (const code of ["EPERM", "EBUSY", "EACCES"]) {
      const { move, tries } = refusing(code, 2);
      await replaceFile(path, [code], move);
      assert.deepEqual([readFileSync(path, "utf8"), tries()], [code, 3]);
    }
  });

  it("stays as it was, with nothing beside it, when the disk refuses", async () => {
    const { move, tries } = refusing("ENOSPC", 100);
    await assert.rejects(replaceFile(path, ["new"], move), { code: "ENOSPC" });
    assert.deepEqual([readFileSync(path, "utf8"), tries()], ["old", 1]);
    assert.deepEqual(readdirSync(join(path, "..")), ["file.json"]);
  });
});
