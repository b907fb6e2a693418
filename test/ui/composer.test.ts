import assert from "node:assert/strict";
import type { Panel } from "../fixtures/panel/openPanel.ts";
import { panelSuite } from "../fixtures/panel/panelSuite.ts";

const files = {
  "src/table.ts": "export const rows = [];\n",
  "src/transcript.ts": "export const turns = [];\n",
  "test/table.test.ts": "it('sorts');\n",
};
const slow = { pieceMs: 20, answer: () => ({ text: "A long reply. ".repeat(400) }) };

const sentBy = ({ intents }: Panel): string[] =>
  intents.flatMap((intent) => (intent.type === "send" ? [intent.text] : []));

describe("the composer", function () {
  this.timeout(60_000);
  const open = panelSuite();

  it("grows with its text; Enter sends, Shift+Enter breaks, and Enter of an input method does neither", async () => {
    const panel = await open();
    const { page, input } = panel;
    const height = async (): Promise<number> => (await input.boundingBox())?.height ?? 0;
    const before = await height();
    await input.pressSequentially("one");
    for (const word of ["two", "three", "four"]) {
      await input.press("Shift+Enter");
      await input.pressSequentially(word);
    }
    assert.ok((await height()) > before + 30);
    await page.evaluate(() => {
      const event = new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true });
      document.activeElement?.dispatchEvent(event);
    });
    assert.deepEqual(sentBy(panel), []);
    await input.press("Enter");
    assert.equal(await input.inputValue(), "");
    await panel.turns.first().waitFor();
    assert.deepEqual(sentBy(panel), ["one\ntwo\nthree\nfour"]);
    assert.equal(await height(), before);
  });

  it("sends with Ctrl+Enter where the setting says so", async () => {
    const panel = await open();
    panel.host.settingsNow = { ...panel.host.settingsNow, sendWith: "ctrlEnter" };
    panel.controller.composer.settingsChanged();
    await panel.page.getByLabel("Send (Ctrl+Enter)").waitFor();
    await panel.input.pressSequentially("one");
    await panel.input.press("Enter");
    await panel.input.pressSequentially("two");
    await panel.input.press("Control+Enter");
    await panel.turns.first().waitFor();
    assert.deepEqual(sentBy(panel), ["one\ntwo"]);
  });

  it("brings back what was written before, and keeps what is being written over a reload", async () => {
    const { page, input, say, turns } = await open();
    await say("first");
    await page.locator("article[data-status=done]").waitFor();
    await say("second");
    await page.locator("article[data-status=done]").nth(1).waitFor();
    await input.press("ArrowUp");
    assert.equal(await input.inputValue(), "second");
    await input.press("ArrowUp");
    assert.equal(await input.inputValue(), "first");
    await input.press("ArrowDown");
    await input.press("ArrowDown");
    assert.equal(await input.inputValue(), "");
    await input.fill("half a thought");
    await page.reload();
    await turns.nth(1).waitFor();
    assert.equal(await input.inputValue(), "half a thought");
    // Another view, on another machine say, knows nothing of it but what the host knows.
    await page.evaluate(() => window.sessionStorage.clear());
    await page.reload();
    await turns.nth(1).waitFor();
    assert.equal(await input.inputValue(), "half a thought");
  });

  it("completes @ with the keyboard: marked letters, a row named to the screen reader, a chip", async () => {
    const { page, input, workspace } = await open({ files });
    workspace.select("src/table.ts", 1, 1);
    await input.pressSequentially("compare @ta");
    const rows = page.getByRole("option");
    await rows.filter({ hasText: "table.test.ts" }).waitFor();
    assert.equal(await rows.first().locator("b").innerText(), "ta");
    const list = await input.getAttribute("aria-controls");
    assert.equal(await page.getByRole("listbox").getAttribute("id"), list);
    await input.press("ArrowDown");
    const active = await input.getAttribute("aria-activedescendant");
    assert.equal(await page.locator(`#${String(active)}`).getAttribute("aria-selected"), "true");
    await input.press("ArrowUp");
    await input.press("Enter");
    await page.locator("[data-testid=attachment][data-state=ready]").waitFor();
    assert.equal(await input.inputValue(), "compare @table.ts ");
    assert.equal(await rows.count(), 0);
    await input.press("Control+z");
    assert.equal(await input.inputValue(), "compare @ta", "it can be undone");
  });

  it("puts the list away with Escape, takes a click, and leads on to folders", async () => {
    const panel = await open({ files, width: 200 });
    const { page, input } = panel;
    await input.pressSequentially("@");
    const rows = page.getByRole("option");
    await rows.first().waitFor();
    await input.press("Escape");
    await rows.first().waitFor({ state: "detached" });
    assert.equal(await input.inputValue(), "@");
    await input.press("Backspace");
    await page.getByTestId("attach").click();
    await rows.filter({ hasText: "Folder outline" }).click();
    assert.equal(await input.inputValue(), "@folder:");
    await rows.filter({ hasText: /^src$/ }).click();
    await page.locator("[data-state=ready]").getByText("src/").waitFor();
    assert.equal(await input.inputValue(), "@src ");
    assert.deepEqual(sentBy(panel), []);
  });

  it("runs a command from the list under /, and lets another be written on", async () => {
    const panel = await open({ files });
    const { page, input, host } = panel;
    await input.pressSequentially("/te");
    await page.getByRole("option", { name: /tests/ }).waitFor();
    await input.press("Tab");
    assert.equal(await input.inputValue(), "/tests ");
    await input.fill("");
    await input.pressSequentially("/he");
    await page.getByRole("option", { name: /help/ }).waitFor();
    // The list is that of both letters: the one of the first held more.
    await page.waitForFunction(() => document.querySelectorAll("[role=option]").length === 1);
    await input.press("Enter");
    await page.getByTestId("notice").getByText("/explain: Explain the selected code").waitFor();
    assert.equal(await input.inputValue(), "");
    await input.pressSequentially("/explain why?");
    await input.press("Enter");
    await page.waitForFunction(() => document.querySelector("textarea")?.value === "");
    for (let tries = 0; !host.lines.includes("explain"); tries += 1) {
      assert.ok(tries < 100);
      await page.waitForTimeout(20);
    }
    assert.equal(panel.controller.turns.length, 0);
  });

  it("shows attachments as chips: open, remove with the keyboard, read again, say what is wrong", async () => {
    const { page, input, controller, workspace } = await open({ files });
    const uris = ["src/table.ts", "src/transcript.ts", "gone.ts"].map((path) => workspace.uri(path));
    await controller.receive({ type: "attachUris", uris });
    const chips = page.getByTestId("attachment");
    await chips.nth(2).waitFor();
    await page.getByRole("alert").getByText("There is no file gone.ts any more.").waitFor();
    await page.getByRole("button", { name: /^table\.ts/ }).click();
    await page.getByLabel("Remove gone.ts").click();
    await chips.nth(2).waitFor({ state: "detached" });
    workspace.write("src/transcript.ts", "export const turns = [1];\n");
    await page.getByText("transcript.ts has changed since it was attached.").waitFor();
    await page.getByText("Read it again").click();
    await page.locator("[data-changed=true]").waitFor({ state: "detached" });
    await page.locator("[data-ahead=true]").nth(1).waitFor();
    await page.locator(".span-ahead").waitFor();
    await page.getByLabel("Remove table.ts").focus();
    await page.keyboard.press("Delete");
    await chips.nth(1).waitFor({ state: "detached" });
    await page.getByLabel("Remove transcript.ts").and(page.locator(":focus")).waitFor();
    await page.keyboard.press("Delete");
    await chips.first().waitFor({ state: "detached" });
    await input.and(page.locator(":focus")).waitFor();
    await page.locator(".span-ahead").waitFor({ state: "detached" });
    assert.deepEqual(workspace.opened, [`${workspace.uri("src/table.ts")}:0-0`]);
  });

  it("says what the message costs and what the model would forget for it", async () => {
    const { page, input, say } = await open({ engine: { windowSize: 300 } });
    for (let turn = 0; turn < 2; turn += 1) {
      await say(`${turn} ${"why? ".repeat(40)}`);
      await page.locator("article[data-status=done]").nth(turn).waitFor();
    }
    const cost = page.getByTestId("cost");
    await input.fill("abcd");
    await cost.getByText("1 token · forgets nothing").waitFor();
    await input.fill("and ".repeat(60));
    await cost.getByText(/^60 tokens · forgets 2 turns$/).waitFor();
    await input.fill("and ".repeat(400));
    await cost.getByText(/do not fit and are left out$/).waitFor();
    await input.fill("");
    await cost.locator("span").waitFor({ state: "detached" });
  });

  it("lets messages wait for the reply: edited, removed, kept over a reload, sent in order", async () => {
    const panel = await open({ engine: slow });
    const { page, input, say, controller } = panel;
    await say("one");
    await page.locator("article[data-status=streaming]").waitFor();
    for (const text of ["two", "tree", "four"]) await say(text);
    const queued = page.getByTestId("queued");
    await queued.nth(2).waitFor();
    await queued.nth(1).getByLabel("Edit this message").click();
    await page.getByTestId("queue-input").fill("three");
    await page.getByTestId("queue-input").press("Enter");
    await queued.nth(1).getByText("three").waitFor();
    await queued.nth(2).getByLabel("Remove this message").click();
    await queued.nth(2).waitFor({ state: "detached" });
    await page.reload();
    await queued.nth(1).getByText("three").waitFor();
    assert.equal(await page.getByTestId("send").count(), 0, "stop stands where send was");
    await page.getByTestId("stop").click();
    await page.locator("[data-testid=queue][data-waits=true]").waitFor();
    assert.equal(controller.turns.length, 1);
    await page.getByText("Send now").click();
    await page.getByTestId("queue").getByText("After this reply").waitFor();
    await input.press("Escape");
    await page.getByText("Send now").click();
    await page.getByTestId("queue").waitFor({ state: "detached" });
    assert.deepEqual(
      controller.turns.map(({ user }) => user),
      ["one", "two", "three"],
    );
  });

  it("takes what is dropped: files of the workspace by their place, others by what is in them", async () => {
    const { page, workspace } = await open({ files });
    const uri = workspace.uri("src/table.ts");
    await page.evaluate((dropped) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.setData("text/uri-list", dropped);
      const fire = (type: string): boolean =>
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
      fire("dragover");
      setTimeout(() => fire("drop"), 300);
    }, uri);
    await page.getByTestId("drop-target").getByText("Hold Shift until you drop").waitFor();
    await page.getByTestId("attachment").getByText("table.ts").waitFor();
    await page.getByTestId("drop-target").waitFor({ state: "detached" });
    await page.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["hello there"], "letter.txt"));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    });
    await page.getByTestId("attachment").getByText("letter.txt").waitFor();
  });

  it("makes an attachment of a large paste, and offers the file of a pasted path", async () => {
    const { page, input } = await open({ files });
    const paste = (text: string): Promise<void> =>
      input.evaluate((element, pasted) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData("text/plain", pasted);
        element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
      }, text);
    await paste("line\n".repeat(50));
    await page.getByTestId("attachment").getByText("Pasted text, 51 lines").waitFor();
    assert.equal(await input.inputValue(), "");
    await paste("src/table.ts");
    const offer = page.getByTestId("offer");
    await offer.getByText("Attach table.ts?").waitFor();
    await offer.getByText("Attach", { exact: true }).click();
    await page.getByTestId("attachment").getByText("table.ts").waitFor();
    await offer.waitFor({ state: "detached" });
  });
});
