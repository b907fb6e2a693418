import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { openDriven, type DrivenWorkbench } from "../fixtures/driver/openDriven.ts";
import { richReply, sampleTurn } from "../fixtures/panel/sampleTurns.ts";
import { engineProcessId } from "../rig/engineProcess.ts";
import type { ChatPage } from "../rig/chatPage.ts";

const proposed = `export function sortBySize(rows: readonly Row[]): Row[] {
  return rows.toSorted((first, second) => first.size - second.size);
}`;

describe("the chat panel in a real workbench", function () {
  this.timeout(180_000);
  let driven: DrivenWorkbench;
  let chat: ChatPage;

  before(async () => {
    driven = await openDriven({ settings: { "workbench.colorTheme": "Default Dark Modern" } });
    ({ chat } = driven.workbench);
  });

  after(async () => {
    await driven.close();
  });

  const page = (): DrivenWorkbench["workbench"]["page"] => driven.workbench.page;
  const editorText = async (): Promise<string> =>
    (await page().locator(".editor-instance .view-line").allInnerTexts()).join("\n").replaceAll("\u00a0", " ");

  async function openFile(name: string): Promise<void> {
    await page().locator(".explorer-folders-view .monaco-list-row", { hasText: name }).dblclick();
    await page().locator(".editor-instance .view-line").first().waitFor();
  }

  it("starts people off, and loads the demo model only when asked, labelled as a toy", async () => {
    await chat.frame.getByRole("heading", { name: "One conversation, all day" }).waitFor();
    assert.throws(() => engineProcessId(driven.workbench.server));
    await chat.frame.getByTestId("try-demo").click();
    await chat.frame.locator("[data-kind=toy]").waitFor({ timeout: 60_000 });
    await chat.send("Remember that the green cache is 47.");
    assert.equal(await chat.waitForReply(1), "done");
  });

  it("survives the engine's death in the middle of a reply: says so, and the next message works", async () => {
    const engine = engineProcessId(driven.workbench.server);
    // The demo model writes a reply in the time of a key press: it is held until it can be ended in the middle.
    process.kill(engine, "SIGSTOP");
    await chat.send("Write a function to sort a table.");
    await chat.turn(2).waitFor();
    process.kill(engine, "SIGKILL");
    assert.equal(await chat.waitForReply(2), "failed");
    await chat.frame.locator("[data-kind=error]").getByText("The engine stopped unexpectedly").waitFor();
    await chat.send("What is the green cache?");
    assert.equal(await chat.waitForReply(3), "done");
    assert.match(await chat.turn(3).innerText(), /47/);
  });

  it("loses nothing when the view is closed in the middle of a reply and opened again", async () => {
    const engine = engineProcessId(driven.workbench.server);
    process.kill(engine, "SIGSTOP");
    await chat.send("Write a function to sort a table.");
    await chat.turn(4).waitFor();
    await driven.workbench.runCommand("View: Hide Secondary Side Bar");
    await page().locator('iframe.webview[src*="extensionId=daylong.daylong"]').waitFor({ state: "detached" });
    process.kill(engine, "SIGCONT");
    await page().waitForTimeout(1_500);
    await driven.workbench.runCommand("Daylong: Open Chat");
    await chat.waitUntilShown();
    assert.equal(await chat.waitForReply(4), "done");
    assert.notEqual((await chat.turn(4).locator("[data-part=reply]").innerText()).trim(), "");
    assert.match(await chat.turn(3).innerText(), /47/);
  });

  it("draws a stored conversation in the colours of the theme", async () => {
    const forgotten = { remembered: false };
    await driven.openConversation([
      sampleTurn("a", "What does it do?", "It sorts.", forgotten),
      sampleTurn("b", "Everything?", richReply, { thought: "Everything, then.", thoughtMs: 2_000 }),
      sampleTurn("c", "Sort upwards.", `Here, for [the table](table.ts#L7):\n\n\`\`\`ts table.ts\n${proposed}\n\`\`\``),
    ]);
    await chat.turn(3).waitFor();
    const keyword = await chat
      .turn(3)
      .locator(".hljs-keyword")
      .first()
      .evaluate((element) => getComputedStyle(element).color);
    const text = await chat
      .turn(3)
      .locator("code")
      .first()
      .evaluate((element) => getComputedStyle(element).color);
    assert.notEqual(keyword, text);
    const ground = chat.turn(3).locator("pre code").first();
    assert.equal(await ground.evaluate((element) => getComputedStyle(element).backgroundColor), "rgba(0, 0, 0, 0)");
    const body = chat.frame.locator("body");
    assert.equal(await body.getAttribute("class"), "vscode-dark");
    assert.equal(await body.evaluate(() => document.fonts.check("16px codicon")), true);
  });

  it("applies code to the named file: a diff first, written only when accepted", async () => {
    const file = path.join(driven.workbench.server.workspace, "table.ts");
    const before = readFileSync(file, "utf8");
    await openFile("table.ts");
    await chat.turn(3).getByLabel("Apply to the file").click();
    await page()
      .getByRole("tab", { name: /as proposed/ })
      .waitFor();
    await page().getByLabel("Reject the Proposed Change").first().click();
    await page()
      .getByRole("tab", { name: /as proposed/ })
      .waitFor({ state: "detached" });
    assert.doesNotMatch(await editorText(), /toSorted/);

    await chat.turn(3).getByLabel("Apply to the file").click();
    await page()
      .getByRole("tab", { name: /as proposed/ })
      .waitFor();
    await page().getByLabel("Accept the Proposed Change").first().click();
    await page()
      .getByRole("tab", { name: /as proposed/ })
      .waitFor({ state: "detached" });
    await page().locator(".editor-instance .view-line", { hasText: "toSorted" }).waitFor();
    const after = await editorText();
    assert.match(after, /export interface Row/);
    assert.equal(after.match(/export function sortBySize/g)?.length, 1);
    assert.equal(readFileSync(file, "utf8"), before, "it is for the user to save");
  });

  it("inserts code at the cursor and opens it in a new file", async () => {
    await openFile("notes.md");
    await page().keyboard.press("Control+Home");
    await chat.turn(3).getByLabel("Insert at the cursor").click();
    await page().locator(".editor-instance .view-line", { hasText: "toSorted" }).waitFor();
    await chat.turn(3).getByLabel("Open in a new file").click();
    await page()
      .getByRole("tab", { name: /^Untitled-1|export function/ })
      .waitFor();
    await page().locator(".statusbar-item", { hasText: "TypeScript" }).waitFor();
  });

  it("opens a link to a file of the workspace at its line, and says so when there is none", async () => {
    await chat.turn(3).getByRole("link", { name: "the table" }).click();
    await page().locator(".statusbar-item", { hasText: "Ln 7, Col 1" }).waitFor();
    await chat.turn(2).getByRole("link", { name: "the file" }).click();
    await page().locator(".notification-list-item", { hasText: "This link leads nowhere" }).first().waitFor();
  });

  it("finds from the title bar and with the keyboard", async () => {
    await driven.workbench.runCommand("Daylong: Find in the Conversation");
    await chat.frame.getByTestId("find-input").fill("header");
    await chat.frame.getByTestId("find-count").getByText("1 of 1").waitFor();
    await page().keyboard.press("Escape");
    await chat.frame.getByTestId("find-input").waitFor({ state: "detached" });
  });
});
