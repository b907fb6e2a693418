import assert from "node:assert/strict";
import { IdleUnload } from "../../src/chat/idleUnload.ts";
import { FakeEngine } from "../fixtures/fakeEngine.ts";

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
const send = (engine: FakeEngine, id: string): Promise<unknown> =>
  engine.send({ turnId: id, parts: [{ id: `${id}.text`, kind: "text", text: "hello" }] }, {});

describe("unloading an idle model", () => {
  let engine: FakeEngine;
  let unloads: number;
  let idle: boolean;
  let time: number;
  let idleUnload: IdleUnload;

  function setUp(minutes: number): void {
    engine = new FakeEngine();
    [unloads, idle, time] = [0, true, 0];
    idleUnload = new IdleUnload({
      engine,
      minutes: () => minutes,
      isIdle: () => idle,
      unload: () => {
        unloads += 1;
        return Promise.resolve();
      },
      now: () => time,
    });
  }

  afterEach(() => {
    idleUnload.dispose();
    engine.dispose();
  });

  it("happens once nothing has used it for long enough, and once only", async () => {
    setUp(20 / 60_000);
    await send(engine, "a");
    time = 19;
    await pause(60);
    assert.equal(unloads, 0, "a moment too early by its clock");
    time = 21;
    await pause(60);
    assert.equal(unloads, 1);
    time = 1_000;
    await pause(60);
    assert.equal(unloads, 1);
  });

  it("waits anew after each use, and while something runs", async () => {
    setUp(20 / 60_000);
    await send(engine, "a");
    time = 15;
    await send(engine, "b");
    time = 30;
    await pause(60);
    assert.equal(unloads, 0);
    idle = false;
    time = 60;
    await pause(60);
    assert.equal(unloads, 0);
    idle = true;
    idleUnload.touch();
    time = 90;
    await pause(60);
    assert.equal(unloads, 1);
  });

  it("never happens when it is turned off", async () => {
    setUp(0);
    await send(engine, "a");
    time = 1e12;
    await pause(60);
    assert.equal(unloads, 0);
  });
});
