import assert from "node:assert/strict";
import { runKills } from "../scripts/killRun.ts";

describe("a journal whose writer is killed", function () {
  this.timeout(120_000);

  it("keeps every character that was said to be on disk (test/scripts/killJournal.ts does it 1,000 times)", async () => {
    const { failures, promisedTurns } = await runKills(25, 1);
    assert.deepEqual(failures, []);
    assert.ok(promisedTurns > 100, `${promisedTurns}`);
  });
});
