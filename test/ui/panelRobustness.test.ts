import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { panelSuite } from "../fixtures/panel/panelSuite.ts";
import { longDay } from "../fixtures/panel/sampleTurns.ts";

const german = JSON.parse(
  readFileSync(path.resolve(import.meta.dirname, "../../l10n/bundle.l10n.de.json"), "utf8"),
) as Record<string, string>;

describe("the panel at any moment", () => {
  const open = panelSuite();
  const text = Array.from({ length: 120 }, (_, index) => `word${index}`).join(" ");

  it("loses nothing when it is reloaded in the middle of a reply, nor what is being written", async () => {
    const { page, say, input, controller } = await open({ engine: { pieceMs: 8, answer: () => ({ text }) } });
    await say("hello");
    for (let times = 0; times < 3; times += 1) {
      await page.locator("article[data-status=streaming]").waitFor();
      await input.fill(`draft ${times}`);
      await page.reload();
      await input.waitFor();
      assert.equal(await input.inputValue(), `draft ${times}`);
    }
    await page.locator("article[data-status=done]").waitFor();
    assert.equal(controller.turns[0]?.reply, text);
    assert.equal((await page.locator("[data-part=reply]").innerText()).trim(), text);
  });

  it("comes back to where the reader was", async () => {
    const { page, controller, input } = await open();
    await controller.openTranscript(longDay(300));
    await page.locator("article").last().waitFor();
    await page.locator(".scroller").evaluate((element) => (element.scrollTop = element.scrollHeight / 3));
    await page.waitForTimeout(500);
    const top = (): Promise<string | undefined> =>
      page.evaluate(() => {
        const edge = document.querySelector(".scroller")?.getBoundingClientRect().top ?? 0;
        const rows = [...document.querySelectorAll<HTMLElement>("article")];
        return rows.find((row) => row.getBoundingClientRect().bottom > edge + 1)?.dataset["id"];
      });
    const before = await top();
    assert.notEqual(before, undefined);
    await page.reload();
    await input.waitFor();
    await page.waitForTimeout(300);
    assert.equal(await top(), before);
  });

  it("asks again when a message was lost, once, and goes on", async () => {
    const { page, say, drop, intents } = await open({ engine: { pieceMs: 8, answer: () => ({ text }) } });
    await say("hello");
    await page.locator("article[data-status=streaming]").waitFor();
    const asked = intents.filter(({ type }) => type === "ready").length;
    drop(2);
    await page.locator("article[data-status=done]").waitFor();
    assert.equal((await page.locator("[data-part=reply]").innerText()).trim(), text);
    assert.equal(intents.filter(({ type }) => type === "ready").length, asked + 1);
  });

  it("says that the engine stopped, keeps what had arrived, and goes on with the next message", async () => {
    const { page, say, engine, turns } = await open({ engine: { pieceMs: 8, answer: () => ({ text }) } });
    await say("hello");
    await page.locator("article[data-status=streaming] .block").waitFor();
    engine.crash();
    const banner = page.locator("[data-testid=banner][data-kind=error]");
    await banner.getByText("The engine stopped unexpectedly").waitFor();
    assert.equal(await banner.getAttribute("role"), "alert");
    const kept = await turns.first().locator("[data-part=reply]").innerText();
    assert.ok(kept.startsWith("word0"));
    await turns.first().getByText("What had arrived is kept.").waitFor();
    await say("again");
    await turns.nth(1).and(page.locator("[data-status=done]")).waitFor();
    await banner.waitFor({ state: "detached" });
    assert.equal(await turns.first().locator("[data-part=reply]").innerText(), kept);
  });

  it("starts people off: choose a model, or try the demo model, which is labelled as a toy", async () => {
    const { page, intents, input } = await open({ noModel: true });
    await page.getByRole("heading", { name: "One conversation, all day" }).waitFor();
    await input.fill("hello");
    assert.equal(await page.getByTestId("send").isDisabled(), true);
    await page.getByTestId("choose-model").click();
    await page.getByTestId("try-demo").click();
    await page.locator("[data-kind=toy]").getByText("Demo model: a toy.").waitFor();
    await page.getByRole("button", { name: "What is the green cache?" }).click();
    await page.locator("article[data-status=done]").waitFor();
    // What is typed is told while it is typed, at moments of its own.
    const chosen = intents.map(({ type }) => type).filter((type) => type !== "ready" && type !== "draft");
    assert.deepEqual(chosen, ["composing", "chooseModel", "useDemoModel", "send"]);
  });

  it("shows how far loading is", async () => {
    const { page, say } = await open({ engine: { pieceMs: 700 } });
    await say("hello");
    await page.locator("[data-kind=loading]", { hasText: "40%" }).waitFor();
    await page.locator("[data-kind=loading]").waitFor({ state: "detached" });
  });

  it("speaks the second language throughout", async () => {
    const { page, say, problems } = await open({ language: "de", translations: german, engine: { windowSize: 1234 } });
    await say("hallo");
    await page.locator("article[data-status=done]").waitFor();
    const words = await page.evaluate(() => {
      const labels = [...document.querySelectorAll("[aria-label], [title], [placeholder]")].flatMap((element) =>
        ["aria-label", "title", "placeholder"].map((name) => element.getAttribute(name) ?? ""),
      );
      return [document.body.innerText, ...labels].join("\n");
    });
    for (const expected of ["Du", "42 Token/s", "0,2 s", "1.234", "0 erneut verarbeitet", "Frag etwas.", "Anheften"]) {
      assert.ok(words.includes(expected), expected);
    }
    assert.doesNotMatch(words, /\b(the|your|reply|message|model's|shifts|Copy|Send)\b/);
    assert.deepEqual(problems, []);
  });
});
