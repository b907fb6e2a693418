import assert from "node:assert/strict";
import { LoopGuard } from "../../src/conversation/loopGuard.ts";

function firstAlarm(tokens: readonly number[]): number | undefined {
  const guard = new LoopGuard();
  const place = tokens.findIndex((token) => guard.push(token));
  return place < 0 ? undefined : place;
}

describe("loop guard", () => {
  it("stops a passage of any length that repeats without end", () => {
    for (const period of [1, 2, 7, 40, 128]) {
      const alarm = firstAlarm(Array.from({ length: 3000 }, (_, index) => 100 + (index % period)));
      assert.ok(alarm !== undefined && alarm < 1200, `period ${period}: ${alarm}`);
    }
  });

  it("leaves tables and counting alone", () => {
    const table = Array.from({ length: 3000 }, (_, index) => (index % 10 === 3 ? 1000 + index : index % 10));
    assert.equal(firstAlarm(table), undefined);
    assert.equal(firstAlarm(Array.from({ length: 3000 }, (_, index) => index)), undefined);
  });

  it("lets a passage come back a few times", () => {
    const passage = Array.from({ length: 40 }, (_, index) => index);
    assert.equal(
      firstAlarm([...passage, ...passage, ...passage, ...Array.from({ length: 400 }, (_, index) => 500 + index)]),
      undefined,
    );
  });
});
