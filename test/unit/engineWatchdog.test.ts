import assert from "node:assert/strict";
import { Watchdog } from "../../src/engine/watchdog.ts";

const never = new Promise<never>(() => undefined);
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A child that answers pings or does not, and a clock that can be moved. */
function setUp(answers: boolean): { watchdog: Watchdog; kills: () => number; sleep: (milliseconds: number) => void } {
  let kills = 0;
  let slept = 0;
  const child = { ping: () => (answers ? Promise.resolve() : never), kill: () => void (kills += 1) };
  const watchdog = new Watchdog(child, 400, () => Date.now() + slept);
  return { watchdog, kills: () => kills, sleep: (milliseconds) => void (slept += milliseconds) };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    assert.ok(tries < 1_000, "it did not happen");
    await pause(10);
  }
}

describe("the watchdog of the engine", () => {
  it("ends a child that owes an answer and gives no sign of life", async () => {
    const { watchdog, kills } = setUp(false);
    void watchdog.watch(never);
    await until(() => kills() === 1);
  });

  it("leaves a child alone that answers pings, and one that owes nothing", async () => {
    const busy = setUp(true);
    void busy.watchdog.watch(never);
    const idle = setUp(false);
    await idle.watchdog.watch(Promise.resolve());
    await pause(900);
    assert.deepEqual([busy.kills(), idle.kills()], [0, 0]);
  });

  it("does not take the time that the machine slept for silence", async () => {
    const { watchdog, kills, sleep } = setUp(true);
    let answer: () => void = () => undefined;
    const watched = watchdog.watch(new Promise<void>((resolve) => (answer = resolve)));
    for (let night = 0; night < 3; night += 1) {
      await pause(120);
      sleep(8 * 3_600_000);
    }
    await pause(300);
    assert.equal(kills(), 0);
    answer();
    await watched;
  });
});
