import assert from "node:assert/strict";
import type { Locator } from "playwright-core";
import { engineProcessId } from "../rig/engineProcess.ts";
import { WorkbenchPage } from "../rig/workbenchPage.ts";
import { openWorkbench, type OpenWorkbench } from "../rig/openWorkbench.ts";

describe("a window that is reloaded", function () {
  this.timeout(240_000);
  let workbench: OpenWorkbench;

  before(async () => {
    workbench = await openWorkbench({ openChat: true });
    await workbench.chat.waitUntilShown();
  });

  after(async () => {
    // Undefined when `before` has failed; the failure to be seen is that one.
    await (workbench as OpenWorkbench | undefined)?.close();
  });

  it("in the middle of a reply shows what had come, and the conversation goes on", async () => {
    const { chat, page, server } = workbench;
    await chat.send("Remember that the green cache is 47.");
    assert.equal(await chat.waitForReply(1), "done");

    const engine = engineProcessId(server);
    // The demo model writes a reply in the blink of an eye, so it runs for moments only; where that was too long, again.
    let number = 1;
    const part = (): Locator => chat.turn(number).locator('[data-part="reply"]');
    const status = (): Promise<string | null> => chat.turn(number).getAttribute("data-status");
    do {
      if (number > 1) process.kill(engine, "SIGCONT");
      if (number > 1) await chat.waitForReply(number);
      number += 1;
      process.kill(engine, "SIGSTOP");
      await chat.send("Write a function to sort a table.");
      while (!(await part().isVisible())) {
        process.kill(engine, "SIGCONT");
        await new Promise((resolve) => setTimeout(resolve, 2));
        process.kill(engine, "SIGSTOP");
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    } while ((await status()) !== "streaming");
    const shown = (await part().innerText()).trim();
    await page.reload();
    process.kill(engine, "SIGCONT");
    await workbench.waitUntilShown();
    await chat.turn(number).waitFor({ timeout: 60_000 });
    assert.match(await chat.turn(1).innerText(), /Noted: the green cache is 47/);
    await part().waitFor();
    assert.ok((await part().innerText()).startsWith(shown), "what had been read is there");
    assert.equal(await status(), "stopped");
    await chat.turn(number).getByTestId("continue").click();
    await part().getByText("}").first().waitFor();
    assert.equal(await chat.waitForReply(number), "done");
    await chat.send("Remember that the red queue is 12.");
    assert.equal(await chat.waitForReply(number + 1), "done");
    assert.match(await chat.turn(number + 1).innerText(), /12/);
    // Whether the reply was cut, or the model had finished it before it saw that the window is gone.
    assert.equal((await chat.counters()).reprocessedTokens, 0);
  });

  it("shares its workspace with a second window, which has its own conversation; all data can be deleted", async () => {
    const { chat, page, server } = workbench;
    const second = new WorkbenchPage(await page.context().newPage());
    await second.page.goto(server.address());
    await second.waitUntilShown();
    await second.chat.waitUntilShown();
    await second.page.getByText("is open in another window, so this window has its own").first().waitFor();
    await second.chat.send("Remember that the blue table is 81.");
    assert.equal(await second.chat.waitForReply(1), "done");
    assert.match(await second.chat.turn(1).innerText(), /81/);
    assert.match(await chat.turn(1).innerText(), /Noted: the green cache is 47/);

    await second.runCommand("Daylong: Conversations");
    const row = second.page.locator(".quick-input-list .monaco-list-row", { hasText: "green cache" });
    await row.click();
    await second.page.getByText("This conversation is open in another window").first().waitFor();
    await second.page.close();

    await page.bringToFront();
    await workbench.runCommand("Daylong: Delete All Data");
    await page.locator(".monaco-dialog-box").getByText("Delete everything").click();
    await page.getByText("conversations were deleted").first().waitFor();
    await chat.turn(1).waitFor({ state: "detached" });
    await chat.send("Remember that the red queue is 12.");
    assert.equal(await chat.waitForReply(1), "done");
  });
});
