import assert from "node:assert/strict";
import { engineProcessId } from "../rig/engineProcess.ts";
import { openWorkbench, type OpenWorkbench } from "../rig/openWorkbench.ts";

describe("the chat view in the workbench", function () {
  this.timeout(180_000);
  let workbench: OpenWorkbench;

  before(async () => {
    workbench = await openWorkbench({ openChat: true });
    await workbench.chat.waitUntilShown();
  });

  after(async () => {
    // Undefined when `before` has failed; the failure to be seen is that one.
    await (workbench as OpenWorkbench | undefined)?.close();
  });

  it("streams a reply, and the counters grow", async () => {
    const { chat } = workbench;
    await chat.send("Remember that the green cache is 47.");
    assert.equal(await chat.waitForReply(1), "done");
    const first = await chat.counters();
    assert.ok(first.windowTokens > 0);
    await chat.send("What is the green cache?");
    assert.equal(await chat.waitForReply(2), "done");
    assert.match(await chat.turn(2).innerText(), /47/);
    const second = await chat.counters();
    assert.ok(second.windowTokens > first.windowTokens, `${second.windowTokens} after ${first.windowTokens}`);
    assert.equal(second.reprocessedTokens, 0);
  });

  it("stops a reply, and takes the next message", async () => {
    const { chat } = workbench;
    const engine = engineProcessId(workbench.server);
    // The demo model writes a reply in the time of a key press: it is held until Stop has been pressed.
    process.kill(engine, "SIGSTOP");
    try {
      await chat.send("Write a function to sort a table.");
      await chat.stopButton.click();
    } finally {
      process.kill(engine, "SIGCONT");
    }
    assert.equal(await chat.waitForReply(3), "stopped");
    await chat.send("What is the green cache?");
    assert.equal(await chat.waitForReply(4), "done");
    assert.match(await chat.turn(4).innerText(), /47/);
    assert.equal((await chat.counters()).reprocessedTokens, 0);
  });
});
