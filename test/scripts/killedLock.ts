// Races for a lock: says "held" when it has it, "free" just before it lets go, and stays alive without it otherwise.
// usage: LOCK WAIT_MS HOLD_MS
import { writeSync } from "node:fs";
import { ProcessLock } from "../../src/files/processLock.ts";

const [path = "", wait = "0", hold = "0"] = process.argv.slice(2);
const lock = await ProcessLock.take(path, {
  wait: Number(wait),
  onDidLose: () => void writeSync(1, "lost\n"),
});
if (lock === undefined) {
  writeSync(1, "refused\n");
} else {
  writeSync(1, "held\n");
  await new Promise((resolve) => setTimeout(resolve, Number(hold)));
  writeSync(1, "free\n");
  await lock.release();
}
