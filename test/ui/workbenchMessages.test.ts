import assert from "node:assert/strict";
import { openWorkbench, type OpenWorkbench } from "../rig/openWorkbench.ts";
import type { ChatPage } from "../rig/chatPage.ts";

describe("messages in a real workbench, answered by the demo model", function () {
  this.timeout(180_000);
  let workbench: OpenWorkbench;
  let chat: ChatPage;

  before(async () => {
    workbench = await openWorkbench({
      openChat: true,
      browser: { permissions: ["clipboard-read", "clipboard-write"] },
      settings: { "daylong.reply.temperature": 0 },
    });
    ({ chat } = workbench);
    await chat.waitUntilShown();
  });

  after(async () => {
    // Undefined when `before` has failed; the failure to be seen is that one.
    await (workbench as OpenWorkbench | undefined)?.close();
  });

  async function say(message: string, number: number): Promise<string> {
    await chat.send(message);
    assert.equal(await chat.waitForReply(number), "done");
    return chat.turn(number).locator("[data-part=reply]").innerText();
  }

  it("are copied, and regenerated at the cost of one token", async () => {
    const reply = await say("Remember that the green cache is 47.", 1);
    assert.match(reply, /47/);
    await chat.turn(1).getByLabel("Copy the reply").click();
    const { page } = workbench;
    for (let tries = 0; tries < 50; tries += 1) {
      if ((await page.evaluate(() => navigator.clipboard.readText())).trim() === reply.trim()) break;
      assert.ok(tries < 49, "the reply is on the clipboard");
      await page.waitForTimeout(100);
    }
    await chat.turn(1).getByTestId("regenerate").click();
    await chat.turn(1).locator("[data-part=reply]").getByText(reply.trim()).waitFor();
    assert.equal(await chat.waitForReply(1), "done");
    assert.equal((await chat.counters()).reprocessedTokens, 1);
  });

  it("are edited: the model hears the new words, and forgets the old ones", async () => {
    await chat.turn(1).getByLabel("Edit and send again").click();
    await chat.frame.getByTestId("edit-input").fill("Remember that the red queue is 12.");
    await chat.frame.getByTestId("edit-send").click();
    await chat.turn(1).locator("[data-part=reply]").getByText("12").waitFor();
    assert.equal(await chat.waitForReply(1), "done");
    assert.match(await say("What is the red queue?", 2), /12/);
    assert.equal((await chat.counters()).reprocessedTokens, 1, "nothing more");
  });

  it("are pinned, forgotten and brought back, and a pin is known over all of it", async () => {
    await chat.turn(1).getByLabel(/^Pin/).click();
    await chat.turn(1).and(chat.frame.locator("[data-pinned=true]")).waitFor();
    let count = 2;
    while ((await chat.counters()).shifts < 2) await say("Write a function to sort a table.", (count += 1));
    await chat.frame.locator(".scroller").evaluate((scroller) => (scroller.scrollTop = 0));
    await chat.turn(1).and(chat.frame.locator("[data-remembered=true]")).waitFor();
    await chat.turn(2).and(chat.frame.locator("[data-remembered=false]")).waitFor();
    await chat.turn(2).hover();
    await chat
      .turn(2)
      .getByLabel(/^Bring back/)
      .click();
    await chat.turn(2).and(chat.frame.locator("[data-remembered=true]")).waitFor();
    assert.match(await say("What is the red queue?", count + 1), /12/);
    assert.equal((await chat.counters()).reprocessedTokens, 1, "nothing more");
  });
});
