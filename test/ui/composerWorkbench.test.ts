import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import type { Locator, Page } from "playwright-core";
import { openWorkbench, type OpenWorkbench } from "../rig/openWorkbench.ts";

const code = `const limit = 47;

function openCache(cache: Cache) {
    return cache.open();
}
`;

describe("what is attached in the workbench", function () {
  this.timeout(180_000);
  let workbench: OpenWorkbench;
  let page: Page;

  before(async () => {
    workbench = await openWorkbench({ openChat: true, settings: { "daylong.reply.temperature": 0 } });
    ({ page } = workbench);
    const { workspace } = workbench.server;
    writeFileSync(path.join(workspace, "cache.ts"), code);
    writeFileSync(path.join(workspace, "logo.png"), Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3]));
    writeFileSync(path.join(workspace, ".gitignore"), "hidden.ts\n");
    writeFileSync(path.join(workspace, "hidden.ts"), "const hidden = 1;\n");
    await workbench.chat.waitUntilShown();
    await workbench.chat.send("Remember that the green cache is 47.");
    await workbench.chat.waitForReply(1);
  });

  after(async () => {
    // Undefined when `before` has failed; the failure to be seen is that one.
    await (workbench as OpenWorkbench | undefined)?.close();
  });

  const chip = (name: string | RegExp): Locator =>
    workbench.chat.frame.getByTestId("attachment").filter({ hasText: name });
  const cost = (): Locator => workbench.chat.frame.getByTestId("cost");
  const line = (text: string): Locator => page.locator(".editor-instance .view-line", { hasText: text });
  const inExplorer = (name: string): Locator =>
    page.locator(".explorer-folders-view .monaco-list-row", { hasText: name });

  async function chooseFromMenu(target: Locator, entry: string): Promise<void> {
    await target.click({ button: "right" });
    const menu = page.locator(".monaco-menu");
    await menu.waitFor();
    // A menu takes no click in the first tenth of a second, so that the click that opened it chooses nothing.
    await page.waitForTimeout(300);
    await menu.locator(".action-item", { hasText: entry }).click();
    await menu.waitFor({ state: "detached" });
  }

  it("comes from the explorer's menu, with its cost, and is read before the message is sent", async () => {
    await chooseFromMenu(inExplorer("cache.ts"), "Add File to Daylong Chat");
    await chip("cache.ts").and(workbench.chat.frame.locator("[data-ahead=true]")).waitFor({ timeout: 60_000 });
    await workbench.chat.frame.locator(".span-ahead").waitFor();
    const tokens = Number(await chip("cache.ts").locator("em").innerText());
    await cost().getByText(`${tokens} tokens · forgets nothing`).waitFor();
    await chip("cache.ts").getByLabel("Remove cache.ts").click();
    await workbench.chat.frame.locator(".span-ahead").waitFor({ state: "detached" });
  });

  it("comes from the editor's menu: the selected lines, as they stand there unsaved", async () => {
    await inExplorer("cache.ts").dblclick();
    await line("return cache.open").click();
    await page.keyboard.press("End");
    await page.keyboard.type(" // unsaved");
    await page.keyboard.press("Home");
    await page.keyboard.press("Shift+ArrowUp");
    await page.keyboard.press("Shift+End");
    await page.keyboard.press("Shift+ArrowDown");
    await page.keyboard.press("Shift+ArrowDown");
    await chooseFromMenu(line("return cache.open"), "Add Selection to Daylong Chat");
    const selected = chip(/cache\.ts:\d/);
    await selected.waitFor();
    await line("return cache.open").click();
    await page.keyboard.press("End");
    await page.keyboard.type("!");
    await workbench.chat.frame.getByText("has changed since it was attached").waitFor();
    await workbench.chat.frame.getByText("Read it again").click();
    await workbench.chat.frame.locator("[data-changed=true]").waitFor({ state: "detached" });
    await workbench.chat.send("Explain this code.");
    await workbench.chat.waitForReply(2);
    await workbench.chat.turn(2).locator(".chip", { hasText: "cache.ts:" }).waitFor();
    assert.equal((await workbench.chat.counters()).reprocessedTokens, 0);
  });

  it("comes from a tab's menu and from the palette, and says why a picture cannot be attached", async () => {
    await chooseFromMenu(page.getByRole("tab", { name: "cache.ts" }), "Add File to Daylong Chat");
    await chip(/cache\.ts/).waitFor();
    await chooseFromMenu(inExplorer("logo.png"), "Add File to Daylong Chat");
    await workbench.chat.frame.getByText("logo.png is not a text file, so the model cannot read it.").waitFor();
    await workbench.chat.frame.getByLabel("Remove logo.png").click();
    await workbench.chat.frame.getByLabel("Remove cache.ts").click();
    await chip(/./).first().waitFor({ state: "detached" });
    await line("const limit").click();
    await workbench.runCommand("Add Selection to Daylong Chat");
    await chip("cache.ts").waitFor();
    await workbench.chat.frame.getByLabel("Remove cache.ts").click();
  });

  it("comes from the list under @, without what is ignored", async () => {
    const { frame, input } = workbench.chat;
    await input.fill("");
    await input.pressSequentially("@");
    const rows = frame.getByRole("option");
    await rows.filter({ hasText: "table.ts" }).waitFor();
    assert.equal(await rows.filter({ hasText: "hidden.ts" }).count(), 0);
    await input.pressSequentially("table");
    await rows.filter({ hasText: "cache.ts" }).first().waitFor({ state: "detached" });
    await input.press("Enter");
    await chip("table.ts").and(frame.locator("[data-state=ready]")).waitFor();
    await chip("table.ts").locator(".chip-open").click();
    await page.getByRole("tab", { name: "table.ts", selected: true }).waitFor();
  });
});
