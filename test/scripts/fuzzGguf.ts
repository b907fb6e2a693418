// Takes damaged GGUF files through the forked engine: every one must end in a coded error or in a working model.
// usage: node --import tsx test/scripts/fuzzGguf.ts [COUNT [FIRST_SEED]]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fuzzGguf } from "../fixtures/gguf/fuzzGguf.ts";

const [count = 10_000, firstSeed = 1] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), "daylong-fuzz-"));
const startedAt = Date.now();
const summary = await fuzzGguf(folder, firstSeed, count, (line) => console.log(line));
rmSync(folder, { recursive: true, force: true });
console.log(JSON.stringify({ ...summary, seconds: Math.round((Date.now() - startedAt) / 1000) }));
process.exit(summary.failures.length === 0 ? 0 : 1);
