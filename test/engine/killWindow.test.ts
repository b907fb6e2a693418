import assert from "node:assert/strict";
import { runWindowKills } from "../scripts/windowKillRun.ts";

describe("windows and engines that are killed", function () {
  this.timeout(180_000);

  it("lose nothing finished, and no cache is wrong after it (test/scripts/killWindow.ts does it 1,000 times)", async () => {
    const { failures, promisedTurns, comparedTokens } = await runWindowKills({ kills: 8, firstSeed: 139 });
    assert.deepEqual(failures, []);
    assert.ok(promisedTurns > 6 && comparedTokens > 200, `${promisedTurns} turns, ${comparedTokens} tokens`);
  });
});
