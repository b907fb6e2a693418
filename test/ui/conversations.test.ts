import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Locator, Page } from "playwright-core";
import { openDriven, type DrivenWorkbench } from "../fixtures/driver/openDriven.ts";
import { engineProcessId } from "../rig/engineProcess.ts";
import type { ChatPage } from "../rig/chatPage.ts";

describe("conversations and memory in a real workbench", function () {
  this.timeout(240_000);
  let driven: DrivenWorkbench;
  let chat: ChatPage;
  let page: Page;

  before(async () => {
    driven = await openDriven();
    ({ chat, page } = driven.workbench);
  });

  after(async () => {
    // Undefined when `before` has failed; the failure to be seen is that one.
    await (driven as DrivenWorkbench | undefined)?.close();
  });

  const run = (title: string): Promise<void> => driven.workbench.runCommand(title);
  const status = (): Locator => page.locator('.statusbar-item[id="daylong.daylong.daylong.status"]');
  const statusSays = (words: string): Promise<void> =>
    page
      .locator(`.statusbar-item[id="daylong.daylong.daylong.status"][aria-label*="${words}"]`)
      .or(status().locator(`[aria-label*="${words}"]`))
      .first()
      .waitFor({ timeout: 60_000 });
  const input = (): Locator => page.locator(".quick-input-widget input.input");
  const rows = (): Locator => page.locator(".quick-input-widget .quick-input-list .monaco-list-row");
  const notification = (words: string): Locator => page.locator(".notification-list-item", { hasText: words }).first();

  it("the status bar says what the model is doing, and leads to what helps", async () => {
    await statusSays("No model is chosen yet");
    await chat.frame.getByTestId("try-demo").click();
    await chat.frame.locator("[data-kind=toy]").waitFor({ timeout: 60_000 });
    await statusSays("is ready");
    await chat.send("Remember that the green cache is 47.");
    assert.equal(await chat.waitForReply(1), "done");
    process.kill(engineProcessId(driven.workbench.server), "SIGKILL");
    await statusSays("The engine stopped unexpectedly");
    await status().click();
    await statusSays("is ready");
    await statusSays("Today: ");
  });

  it("shows the exact text in the model's window, read-only, and keeps up with it", async () => {
    await chat.frame.getByTestId("show-memory").click();
    const editor = page.locator(".editor-instance", { hasText: "im_start" }).first();
    const text = async (): Promise<string> =>
      (await editor.locator(".view-line").allInnerTexts()).join("\n").replaceAll("\u00a0", " ");
    await editor.locator(".view-line", { hasText: "green cache" }).first().waitFor();
    assert.match(await text(), /<\|im_start\|>user\n.*green cache is 47/);
    await editor.getByText("all that the model sees now").waitFor();
    await editor
      .getByText(/\d+ tokens \(\d+ of the template\) · Turn: Remember that the green cache is 47\./)
      .waitFor();
    await editor.locator(".view-line").first().click();
    await page.keyboard.type("x");
    await chat.send("What is the green cache?");
    assert.equal(await chat.waitForReply(2), "done");
    await editor.locator(".view-line", { hasText: "What is the green cache" }).first().waitFor();
    assert.doesNotMatch(await text(), /x<|^x/, "nobody can write into it");
  });

  it("are renamed, searched in, and opened", async () => {
    await run("Daylong: Rename the Conversation");
    await input().fill("All about caches");
    await page.keyboard.press("Enter");
    await run("Daylong: New Conversation");
    await page.locator(".monaco-dialog-box").getByText("Start a new one").click();
    await chat.turn(1).waitFor({ state: "detached" });
    await chat.send("Remember that the red queue is 12.");
    assert.equal(await chat.waitForReply(1), "done");

    await run("Daylong: Conversations");
    await rows().filter({ hasText: "All about caches" }).waitFor();
    assert.equal(await rows().count(), 2);
    await page.locator(".quick-input-widget").getByText("Today").waitFor();
    await rows().filter({ hasText: "open here" }).filter({ hasText: "red queue" }).waitFor();
    await input().fill("green");
    await rows()
      .filter({ hasText: "…" })
      .or(rows().filter({ hasText: "green cache is 47" }))
      .first()
      .waitFor();
    await rows().filter({ hasText: "red queue" }).waitFor({ state: "detached" });
    await rows().filter({ hasText: "All about caches" }).click();
    await chat.turn(1).getByText("Noted: the green cache is 47").waitFor();
  });

  it("are deleted at once, and brought back by undo", async () => {
    await run("Daylong: Delete the Conversation");
    await chat.turn(1).waitFor({ state: "detached" });
    await notification("All about caches").getByText("Undo").click();
    await chat.turn(1).getByText("Noted: the green cache is 47").waitFor();
    await run("Daylong: Conversations");
    const row = rows().filter({ hasText: "red queue" });
    await row.hover();
    await row.getByLabel("Delete").click();
    await row.waitFor({ state: "detached" });
    await page.keyboard.press("Escape");
  });

  it("are exported and imported again", async () => {
    const { workspace } = driven.workbench.server;
    await run("Daylong: Export the Conversation");
    await rows().filter({ hasText: "to be imported again" }).click();
    await page.locator(".quick-input-widget").getByText("OK").waitFor();
    await page.keyboard.press("Enter");
    const file = path.join(workspace, "All-about-caches.json");
    await notification("Exported to All-about-caches.json").waitFor();
    assert.ok(existsSync(file));
    const exported = JSON.parse(readFileSync(file, "utf8")) as { turns: { reply: string }[] };
    assert.equal(exported.turns.length, 2);

    await run("Daylong: Delete the Conversation");
    await chat.turn(1).waitFor({ state: "detached" });
    await run("Daylong: Import a Conversation");
    await page
      .locator(".quick-input-widget")
      .getByText("OK")
      .or(page.getByText("Import", { exact: true }))
      .first()
      .waitFor();
    // While the dialog still looks at the folder, it takes no Enter, and may put its own text in the place of ours.
    const dialog = page.locator(".quick-input-widget");
    for (let tries = 0; tries < 20 && (await dialog.isVisible()); tries += 1) {
      await input().fill(file);
      await page.waitForTimeout(300);
      await page.keyboard.press("Enter");
      await page.waitForTimeout(700);
    }
    await chat.turn(2).waitFor();
    await chat.turn(1).getByText("Noted: the green cache is 47").waitFor();
    await chat.send("What is the green cache?");
    assert.equal(await chat.waitForReply(3), "done");
    assert.match(await chat.turn(3).innerText(), /47/);
  });
});
