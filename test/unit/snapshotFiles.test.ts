import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SnapshotFiles, type SnapshotKey } from "../../src/engine/worker/snapshotFiles.ts";

const key: SnapshotKey = {
  fingerprint: "model",
  engineVersion: "library 1",
  contextSize: 512,
  systemPrompt: "Be brief.",
  template: "own",
  cacheTypes: "f16/f16",
};
const state = {
  segments: [
    {
      kind: "text" as const,
      key: "t0.text",
      turnId: "t0",
      dropped: 0,
      tokens: [1, 2, 3],
      runs: [{ length: 3, shifts: 1 }],
    },
  ],
  turns: [],
  broughtBack: [],
};

describe("snapshot files", () => {
  let folder: string;
  let files: SnapshotFiles;
  const cells = randomBytes(5000);
  const write = (): Promise<number> => files.write(key, state, "2026-01-02", (path) => writeFile(path, cells));
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "daylong-files-"));
    files = new SnapshotFiles(join(folder, "conversation"));
    await write();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("gives back what was written, for the same key only", async () => {
    const reading = await files.read(key);
    assert.ok(reading.found);
    assert.deepEqual(reading.state, state);
    assert.deepEqual(readFileSync(reading.cellsPath), cells);
    for (const [name, value] of Object.entries(key)) {
      const other = { ...key, [name]: typeof value === "number" ? value + 1 : `${String(value)}!` };
      assert.deepEqual(await files.read(other), { found: false, reason: "other-model" }, name);
    }
    assert.deepEqual(await new SnapshotFiles(join(folder, "another")).read(key), { found: false, reason: "none" });
  });

  it("keeps two files, for the owner's eyes only, and counts the bytes of the day", async () => {
    await write();
    await write();
    const names = readdirSync(folder);
    assert.equal(names.length, 2, names.join(" "));
    if (process.platform !== "win32")
      assert.ok(names.every((name) => (statSync(join(folder, name)).mode & 0o077) === 0));
    assert.equal(await files.bytesOn("2026-01-02"), 15_000);
    assert.equal(await files.bytesOn("2026-01-03"), 0);
  });

  it("keeps the old pair when writing fails half-way", async () => {
    await assert.rejects(files.write(key, state, "2026-01-02", () => Promise.reject(new Error("disk full"))));
    assert.equal((await files.read(key)).found, true);
    assert.equal(readdirSync(folder).length, 2);
  });

  it("notices any cut and any flipped bit", async () => {
    const good = mkdtempSync(join(tmpdir(), "daylong-good-"));
    cpSync(folder, good, { recursive: true });
    let random = 7;
    const next = (below: number): number => (random = (random * 1103515245 + 12345) % 2147483648) % below;
    for (let seed = 0; seed < 400; seed++) {
      const names = readdirSync(folder).sort();
      const path = join(folder, names[seed % names.length] ?? "");
      const bytes = readFileSync(path);
      const place = next(bytes.length);
      if (seed % 4 < 2) writeFileSync(path, bytes.subarray(0, place));
      else {
        bytes.writeUInt8(bytes.readUInt8(place) ^ (1 << next(8)), place);
        writeFileSync(path, bytes);
      }
      assert.deepEqual(await files.read(key), { found: false, reason: "damaged" }, `seed ${seed}: ${path} at ${place}`);
      cpSync(good, folder, { recursive: true });
    }
    rmSync(good, { recursive: true, force: true });
  });
});
