// Kills windows and their engines at random moments: nothing finished may be lost, and no cache may be wrong after it.
// usage: node esbuild.js && node --import tsx test/scripts/killWindow.ts [KILLS [FIRST_SEED]]
import { runWindowKills } from "./windowKillRun.ts";

const [kills = 1_000, firstSeed = 1] = process.argv.slice(2).map(Number);
const startedAt = Date.now();
const summary = await runWindowKills({ kills, firstSeed, report: (line) => console.log(line) });
console.log(JSON.stringify({ ...summary, seconds: Math.round((Date.now() - startedAt) / 1000) }));
process.exit(summary.failures.length === 0 ? 0 : 1);
