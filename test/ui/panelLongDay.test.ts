import assert from "node:assert/strict";
import { panelSuite } from "../fixtures/panel/panelSuite.ts";
import { longDay } from "../fixtures/panel/sampleTurns.ts";

const count = 5_000;

describe("a long day in the panel: 5,000 turns", () => {
  const open = panelSuite();
  const day = longDay(count);

  it("keeps at most 100 rows in the document wherever the reader goes", async () => {
    const { page, controller, turns } = await open();
    await controller.openTranscript(day);
    await page.locator(`article[aria-posinset="${count}"]`).waitFor();
    const scroller = page.locator(".scroller");
    for (const share of [1, 0.75, 0.5, 0.2, 0.01, 0, 0.6]) {
      await scroller.evaluate((element, at) => (element.scrollTop = at * element.scrollHeight), share);
      await page.waitForTimeout(120);
      assert.ok((await turns.count()) <= 100);
      const gaps = await page.evaluate(() => {
        const view = document.querySelector(".scroller")?.getBoundingClientRect() ?? new DOMRect();
        const rows = [...document.querySelectorAll("article")].map((row) => row.getBoundingClientRect());
        const covers = (y: number): boolean => rows.some((row) => row.top <= y && row.bottom >= y);
        return [view.top + 2, (view.top + view.bottom) / 2, view.bottom - 2].filter((y) => !covers(y));
      });
      assert.deepEqual(gaps, [], `at ${share}`);
    }
    assert.match((await turns.first().getAttribute("aria-setsize")) ?? "", /^5000$/);
  });

  it("keeps the reader's line while rows above it are measured for the first time, and while history arrives", async () => {
    const { page, controller } = await open();
    await controller.openTranscript(day);
    await page.locator(`article[aria-posinset="${count}"]`).waitFor();
    for (let times = 0; times < 60; times += 1) {
      const moved = await page.evaluate(async () => {
        const scroller = document.querySelector(".scroller");
        if (scroller === null) throw new Error("no scroller");
        const edge = scroller.getBoundingClientRect().top;
        const row = [...document.querySelectorAll("article")].find(
          (element) => element.getBoundingClientRect().bottom > edge + 1,
        );
        const before = row?.getBoundingClientRect().top ?? NaN;
        scroller.scrollTop -= 150;
        for (let frames = 0; frames < 3; frames += 1) await new Promise(requestAnimationFrame);
        return (row?.getBoundingClientRect().top ?? NaN) - before;
      });
      assert.ok(Math.abs(moved - 150) <= 2, `step ${times}: the line moved by ${moved} pixels, not by 150`);
    }
  });

  it("finds text anywhere in it, and shows it", async () => {
    const { page, controller } = await open();
    await controller.openTranscript(day);
    await page.locator(`article[aria-posinset="${count}"]`).waitFor();
    await page.keyboard.press("Control+f");
    const input = page.getByTestId("find-input");
    await input.fill("const turn123 =");
    await page.getByTestId("find-count").getByText("1 of 1").waitFor();
    await page.locator('article[data-id="turn-123"]').waitFor();
    const shown = await page.evaluate(() => {
      const [range] = CSS.highlights.get("daylong-find-current") ?? [];
      const view = document.querySelector(".scroller")?.getBoundingClientRect();
      const place = range instanceof Range ? range.getBoundingClientRect() : undefined;
      const text = range instanceof Range ? range.toString() : "";
      return {
        text,
        visible: place !== undefined && view !== undefined && place.top > view.top && place.bottom < view.bottom,
      };
    });
    assert.deepEqual(shown, { text: "const turn123 =", visible: true });

    await input.fill("frees the oldest");
    await page.getByTestId("find-count").getByText("5,000 of 5,000").waitFor();
    await input.press("Enter");
    await page.getByTestId("find-count").getByText("1 of 5,000", { exact: true }).waitFor();
    await page.locator('article[data-id="turn-0"]').waitFor();
    await input.press("Shift+Enter");
    await page.locator(`article[aria-posinset="${count}"]`).waitFor();
    await input.fill("no such thing");
    await page.getByTestId("find-count").getByText("No results").waitFor();
  });

  it("stays responsive while a reply streams at 100 tokens a second", async () => {
    const text = Array.from({ length: 500 }, (_, index) => `Sentence ${index} about the plan.`).join(" ");
    const { page, controller, say, input } = await open({ engine: { pieceMs: 10, answer: () => ({ text }) } });
    await controller.openTranscript(day);
    await page.locator(`article[aria-posinset="${count}"]`).waitFor();
    await say("go on");
    await page.locator("article[data-status=streaming] .block").waitFor();
    const delays: number[] = [];
    for (let times = 0; times < 20; times += 1) {
      delays.push(
        await input.evaluate(
          (element) =>
            new Promise<number>((resolve) => {
              const start = performance.now();
              const area = element as HTMLTextAreaElement;
              area.value += "x";
              area.dispatchEvent(new InputEvent("input", { bubbles: true }));
              requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)));
            }),
        ),
      );
      await page.waitForTimeout(25);
    }
    assert.equal(await input.inputValue(), "x".repeat(20));
    delays.sort((a, b) => a - b);
    assert.ok((delays[10] ?? Infinity) < 1_000, `median of a key stroke: ${delays[10]} ms`);
    assert.equal(await page.locator("article[data-status=streaming]").count(), 1);
  });
});
