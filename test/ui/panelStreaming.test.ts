import assert from "node:assert/strict";
import { panelSuite } from "../fixtures/panel/panelSuite.ts";
import { longDay, richReply } from "../fixtures/panel/sampleTurns.ts";

describe("a reply in the panel while it streams", () => {
  const open = panelSuite();
  const paragraphs = Array.from({ length: 30 }, (_, index) => `Paragraph ${index} of the reply, long enough to break.`);

  it("draws a block once: what is finished stays the same node, selected text stays selected", async () => {
    const { page, say, turns } = await open({
      engine: { pieceMs: 2, answer: () => ({ text: paragraphs.join("\n\n") }) },
    });
    await say("go on");
    const first = turns.locator("[data-part=reply] .block").first();
    await page.locator("[data-part=reply] .block").nth(2).waitFor();
    await first.evaluate((block) => {
      (block.firstElementChild as HTMLElement).dataset["mark"] = "kept";
      window.getSelection()?.selectAllChildren(block);
    });
    await page.locator("[data-part=reply] .block").nth(12).waitFor();
    assert.equal(await first.locator("[data-mark=kept]").count(), 1);
    assert.equal(await page.evaluate(() => String(window.getSelection())), paragraphs[0]);
    assert.equal(await turns.getAttribute("data-status"), "streaming");
  });

  it("keeps the scroll position of a code block that is still growing", async () => {
    const line = `const value = plan(${"argument, ".repeat(20)}last);`;
    const text = `\`\`\`ts\n${Array.from({ length: 60 }, () => line).join("\n")}\n\`\`\``;
    const { page, say } = await open({ engine: { pieceMs: 1, answer: () => ({ text }) } });
    await say("code");
    const pre = page.locator(".code-block pre");
    await pre.waitFor();
    await page.waitForFunction(() => (document.querySelector("pre")?.textContent.length ?? 0) > 400);
    await pre.evaluate((element) => (element.scrollLeft = 90));
    const before = await pre.evaluate((element) => element.textContent.length);
    await page.waitForFunction(
      (length) => (document.querySelector("pre")?.textContent.length ?? 0) > length + 200,
      before,
    );
    assert.equal(await pre.evaluate((element) => element.scrollLeft), 90);
  });

  it("sticks to the end only when the reader is there, and has a button back", async () => {
    const { page, controller, say } = await open({
      engine: { pieceMs: 2, answer: () => ({ text: paragraphs.join("\n\n") }) },
    });
    await controller.openTranscript(longDay(30));
    const scroller = page.locator(".scroller");
    // Right after a frame: text that has come since then is placed in the next one.
    const distance = (): Promise<number> =>
      scroller.evaluate(async (element) => {
        const distances: number[] = [];
        for (let frames = 0; frames < 4; frames += 1) {
          await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
          distances.push(element.scrollHeight - element.clientHeight - element.scrollTop);
        }
        return Math.min(...distances);
      });
    await say("go on");
    const blocks = page.locator("article").last().locator("[data-part=reply] .block");
    await blocks.nth(8).waitFor();
    // A busy machine may take a few frames to follow; a view that does not follow never gets there.
    const reachesTheEnd = async (): Promise<boolean> => {
      for (let tries = 0; tries < 50; tries += 1) if ((await distance()) < 2) return true;
      return false;
    };
    assert.ok(await reachesTheEnd());
    assert.equal(await page.getByTestId("to-end").count(), 0);

    await scroller.hover();
    await page.mouse.wheel(0, -900);
    await page.getByTestId("to-end").waitFor();
    const place = (): Promise<{ id: string; top: number }> =>
      page.evaluate(() => {
        const { top } = document.querySelector(".scroller")?.getBoundingClientRect() ?? { top: 0 };
        const row = [...document.querySelectorAll<HTMLElement>("article")].find(
          (element) => element.getBoundingClientRect().bottom > top,
        );
        return { id: row?.dataset["id"] ?? "", top: (row?.getBoundingClientRect().top ?? 0) - top };
      });
    // The wheel scrolls on for a moment.
    let before = await place();
    for (let moving = true; moving;) {
      await page.waitForTimeout(200);
      const now = await place();
      moving = now.id !== before.id || now.top !== before.top;
      before = now;
    }
    await page.waitForTimeout(500);
    const after = await place();
    assert.equal(after.id, before.id);
    assert.ok(Math.abs(after.top - before.top) <= 2, `moved by ${after.top - before.top} px`);

    await page.getByTestId("to-end").click();
    await page.getByTestId("to-end").waitFor({ state: "detached" });
    assert.ok(await reachesTheEnd());
  });

  it("draws everything that a reply can hold", async () => {
    const { page, say, turns, problems } = await open({ engine: { pieceMs: 1, answer: () => ({ text: richReply }) } });
    await say("everything");
    await page.locator("article[data-status=done]").waitFor();
    const reply = turns.locator("[data-part=reply]");
    for (const [selector, count] of [
      [".code-block", 2],
      ["ol > li", 3],
      ["ul > li:not(.task)", 2],
      ["li.task", 2],
      ["table tr", 3],
      ["blockquote", 1],
      ["a[data-href]", 2],
      [".hljs-keyword", 4],
      [".hljs-comment", 1],
    ] as const) {
      const found = await reply.locator(selector).count();
      assert.ok(selector.startsWith(".hljs") ? found >= count : found === count, `${selector}: ${found}`);
    }
    assert.deepEqual(await reply.locator(".code-name").allInnerTexts(), ["evictionPolicy.ts", "sh"]);
    const arabic = reply.locator("p", { hasText: "مرحبا" });
    assert.equal(await arabic.evaluate((element) => getComputedStyle(element).direction), "rtl");
    assert.deepEqual(problems, []);
  });
});
