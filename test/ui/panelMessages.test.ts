import assert from "node:assert/strict";
import { panelSuite } from "../fixtures/panel/panelSuite.ts";
import { richReply, sampleAttachment, sampleTurn } from "../fixtures/panel/sampleTurns.ts";

describe("messages in the panel", () => {
  const open = panelSuite();

  it("show their time, the time to the first token and the speed", async () => {
    const { say, turns } = await open();
    await say("hello");
    await turns.locator(".reply .who", { hasText: "0.2 s · 42 tok/s" }).waitFor();
    assert.match(await turns.locator("time").innerText(), /^\d{1,2}:\d\d/);
  });

  it("are copied as they were written", async () => {
    const { page, say, turns, host } = await open({ engine: { answer: () => ({ text: richReply }) } });
    await say("copy *this*");
    await page.locator("article[data-status=done]").waitFor();
    await turns.getByLabel("Copy this message").click();
    await turns.getByLabel("Copy the reply").click();
    assert.deepEqual(host.copied, ["copy *this*", richReply]);
  });

  it("hand code to the editor: copy, insert, apply, new file", async () => {
    const { page, say, turns, host } = await open({
      engine: { answer: () => ({ text: "```ts src/a.ts\nif (a < b && c > d) go();\n```" }) },
    });
    await say("code");
    await page.locator("article[data-status=done]").waitFor();
    for (const label of ["Copy code", "Insert at the cursor", "Apply to the file", "Open in a new file"]) {
      await turns.getByLabel(label).click();
    }
    const code = "if (a < b && c > d) go();";
    assert.deepEqual(
      host.codeUses.map(({ action, code, language, fileName }) => [action, code, language, fileName]),
      ["copy", "insert", "apply", "newFile"].map((action) => [action, code, "ts", "src/a.ts"]),
    );
  });

  it("open links through the host, and only safe ones are links", async () => {
    const text = "[web](https://example.com/a?b=c) [file](src/table.ts#L2) [bad](javascript:alert(1)) [cmd](command:x)";
    const { page, say, turns, host, problems } = await open({ engine: { answer: () => ({ text }) } });
    await say("links");
    await page.locator("article[data-status=done]").waitFor();
    assert.equal(await turns.getByRole("link").count(), 2);
    await turns.getByRole("link", { name: "web" }).click();
    await turns.getByRole("link", { name: "file" }).press("Enter");
    assert.deepEqual(host.links, ["https://example.com/a?b=c", "src/table.ts#L2"]);
    assert.deepEqual(problems, []);
  });

  it("fold thoughts, with their time, and open them", async () => {
    const { page, say, turns } = await open({
      engine: { answer: () => ({ thought: "It is **odd**.", text: "Yes." }) },
    });
    await say("think");
    await page.locator("article[data-status=done]").waitFor();
    const toggle = turns.getByRole("button", { name: "Thought for 3 s" });
    assert.equal(await toggle.getAttribute("aria-expanded"), "false");
    assert.equal(await turns.locator("[data-part=thought]").count(), 0);
    await toggle.click();
    assert.equal(await turns.locator("[data-part=thought]").innerText(), "It is odd.");
    assert.equal(await toggle.getAttribute("aria-expanded"), "true");
  });

  it("are regenerated, edited, stopped and continued", async () => {
    let count = 0;
    const { page, say, turns, engine } = await open({
      engine: { pieceMs: 3, answer: (message) => ({ text: `${message} ${(count += 1)} ${"and on ".repeat(80)}` }) },
    });
    await say("one");
    await page.getByTestId("stop").click();
    await page.locator("article[data-status=stopped]").waitFor();
    await turns.getByText("You stopped this reply.").waitFor();
    await page.getByTestId("continue").click();
    await page.locator("article[data-status=done]").waitFor();
    await page.getByTestId("regenerate").click();
    await page.locator("article[data-status=done] p", { hasText: "one 3" }).waitFor();
    await page.getByLabel("Edit and send again").click();
    await page.getByTestId("edit-input").fill("two");
    await page.getByTestId("edit-send").click();
    await page.locator("article[data-status=done] p", { hasText: "two 4" }).waitFor();
    assert.deepEqual(
      engine.calls.map((call) => call.replace(/ .*/, "")),
      ["load", "send", "continueReply", "regenerate", "editLast"],
    );
    assert.equal(await turns.count(), 1);
  });

  it("stop with Escape", async () => {
    const { page, say, input } = await open({ engine: { pieceMs: 5, answer: () => ({ text: "on ".repeat(500) }) } });
    await say("go");
    await page.locator("article[data-status=streaming]").waitFor();
    await input.press("Escape");
    await page.locator("article[data-status=stopped]").waitFor();
  });

  it("are pinned, forgotten behind a line, and brought back", async () => {
    const { page, say, engine, turns } = await open({ height: 3_000, engine: { windowSize: 128 } });
    for (let index = 0; index < 12; index += 1) {
      await say(`message number ${index}`);
      await page.locator(`article[aria-posinset="${index + 1}"][data-status=done]`).waitFor();
      if (index === 0) {
        await turns.getByLabel(/^Pin/).click();
        await page.locator("article[data-pinned=true]").waitFor();
      }
    }
    const remembered = await turns.evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset["remembered"]));
    assert.equal(remembered[0], "true");
    assert.equal(remembered[1], "false");
    assert.equal(remembered.at(-1), "true");
    const edgeRow = page.locator("article:has([data-testid=memory-edge])");
    const position = Number(await edgeRow.getAttribute("aria-posinset"));
    assert.ok(remembered.slice(position - 1).every((value) => value === "true"));
    assert.equal(remembered[position - 2], "false");
    const forgotten = turns.nth(1);
    assert.match((await forgotten.getAttribute("aria-label")) ?? "", /no longer remembered/);
    await forgotten.hover();
    await forgotten.getByLabel(/^Bring back/).click();
    await page.locator('article[aria-posinset="2"][data-remembered=true]').waitFor();
    assert.match(engine.calls.at(-1) ?? "", /^bringBack/);
  });

  it("show why a pin was refused, until it is put away", async () => {
    const { page, controller, say } = await open();
    for (const text of ["a", "b", "c"]) {
      await say(text);
      await page
        .locator("article[data-status=done] p", { hasText: new RegExp(`^${text}$`) })
        .first()
        .waitFor();
    }
    for (const { id } of controller.turns) await controller.receive({ type: "pin", id });
    const notice = page.getByTestId("notice");
    await notice.getByText("There is no room for another pin.").waitFor();
    assert.equal(await notice.getAttribute("role"), "alert");
    await notice.getByLabel("Dismiss").click();
    await notice.waitFor({ state: "detached" });
  });

  it("leave a `#` or a `*` of the user's as it is, and set code off", async () => {
    const { say, turns } = await open();
    await say("# not a heading\n* not a list\nuse `code`\n```js\nlet a;\n```");
    const bubble = turns.locator(".bubble");
    assert.equal(await bubble.locator(".heading, li").count(), 0);
    assert.equal(await bubble.locator("p code").innerText(), "code");
    assert.equal(await bubble.locator("pre code").innerText(), "let a;");
  });

  it("draw attachments with their cost", async () => {
    const { page, controller } = await open();
    const attachments = [sampleAttachment("x", "table.ts", 1312)];
    await controller.openTranscript([sampleTurn("a", "see", "yes", { attachments })]);
    assert.equal((await page.locator(".chip").innerText()).replace(/\s+/g, " ").trim(), "table.ts 1,312");
  });
});
