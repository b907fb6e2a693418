// Kills a process that writes a conversation's journal at random moments: no character of a finished turn may be lost.
// usage: node --import tsx test/scripts/killJournal.ts [KILLS [FIRST_SEED]]
import { runKills } from "./killRun.ts";

const [kills = 1_000, firstSeed = 1] = process.argv.slice(2).map(Number);
const startedAt = Date.now();
const summary = await runKills(kills, firstSeed);
console.log(JSON.stringify({ ...summary, seconds: Math.round((Date.now() - startedAt) / 1000) }));
process.exit(summary.failures.length === 0 ? 0 : 1);
