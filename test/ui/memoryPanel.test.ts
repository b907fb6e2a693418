import assert from "node:assert/strict";
import type { CacheCounters } from "../../src/engine/engine.ts";
import { LlamaEngine } from "../../src/engine/worker/llamaEngine.ts";
import type { Panel } from "../fixtures/panel/openPanel.ts";
import { panelStates } from "../fixtures/panel/panelStates.ts";
import { panelSuite } from "../fixtures/panel/panelSuite.ts";
import { sampleTurn } from "../fixtures/panel/sampleTurns.ts";
import { RandomChat } from "../fixtures/randomChat.ts";

interface DrawnSpan {
  readonly kind: string;
  readonly turnId?: string;
  readonly tokens: number;
}

describe("the memory in the panel", () => {
  const open = panelSuite();

  const drawn = ({ page }: Panel): Promise<{ spans: DrawnSpan[]; counters: Record<string, string> }> =>
    page.evaluate(() => ({
      spans: [...document.querySelectorAll<HTMLElement>(".ribbon > button")].map(({ dataset }) => ({
        kind: dataset["kind"] ?? "",
        ...(dataset["turn"] === undefined ? {} : { turnId: dataset["turn"] }),
        tokens: Number(dataset["tokens"]),
      })),
      counters: Object.fromEntries(
        Object.entries(document.querySelector<HTMLElement>(".memory")?.dataset ?? {}).map(([name, value]) => [
          name,
          value ?? "",
        ]),
      ),
    }));

  it("is drawn as the engine has it after each of 50 random operations, on the demo model", async function () {
    this.timeout(120_000);
    const engine = new LlamaEngine(() => undefined);
    try {
      const panel = await open({ runOn: engine });
      const { controller, host, page } = panel;
      host.settingsNow = { ...host.settingsNow, modelPath: "", temperature: 0, maxTokens: 30 };
      await controller.receive({ type: "useDemoModel" });
      const chat = new RandomChat(controller, host, 4711);
      const today = new Map<number, CacheCounters>();
      for (let step = 0; step < 50; step += 1) {
        const what = `step ${step}: ${await chat.step()}`;
        const { spans, counters } = await engine.cacheState();
        const free = counters.windowSize - counters.windowTokens;
        const expected = [...spans, { kind: "free", tokens: free }];
        const { windowTokens } = counters;
        // Messages are on their way to the page.
        await page.waitForFunction(
          (used) => document.querySelector<HTMLElement>(".memory")?.dataset["windowTokens"] === String(used),
          windowTokens,
        );
        await page.evaluate(
          () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
        );
        const shown = await drawn(panel);
        assert.deepEqual(shown.spans, expected, what);
        assert.equal(shown.counters["windowSize"], String(counters.windowSize), what);
        // The engine counts anew with each conversation, the panel goes on all day.
        today.set(counters.since, counters);
        const sum = (name: "shifts" | "reprocessedTokens"): string =>
          String([...today.values()].reduce((total, each) => total + each[name], 0));
        assert.equal(shown.counters["reprocessed"], sum("reprocessedTokens"), what);
        assert.equal(shown.counters["shifts"], sum("shifts"), what);
      }
      const again = chat.count("regenerate");
      assert.ok(again > 0);
      const said = await page.getByTestId("reprocessed").innerText();
      assert.equal(said, `${again} re-processed (${again} for another reply)`);
      assert.deepEqual(panel.problems, []);
    } finally {
      await engine.close();
    }
  });

  it("tells turn, tokens and age to the pointer and the keyboard, and leads there", async () => {
    const panel = await open({ engine: { windowSize: 4_096 } });
    const { page, controller } = panel;
    await controller.openTranscript([
      sampleTurn("a", "Why does the   eviction test fail?", "Long. ".repeat(400), { sentAt: Date.now() - 12 * 60_000 }),
      sampleTurn("b", "And the pin?", "It stays. ".repeat(300), { pinned: true, sentAt: Date.now() - 3 * 3_600_000 }),
      sampleTurn("c", "What now?", "Go on. ".repeat(200)),
    ]);
    await panel.say("And then?");
    await page.locator("article[data-status=done]").last().getByText("And then?").last().waitFor();
    const ribbon = page.getByRole("toolbar");
    const first = ribbon.locator("[data-turn=a]");
    const tip = page.getByTestId("ribbon-tip");
    await first.hover();
    assert.match(
      await tip.innerText(),
      /^Turn\nWhy does the eviction test fail\?\n\d+ tokens · 12 minutes ago\nClick to go there$/,
    );
    await page.getByTestId("composer-input").hover();
    await tip.waitFor({ state: "detached" });
    await first.click();
    const focused = (): Promise<string | undefined> =>
      page.evaluate(() => document.activeElement?.closest<HTMLElement>("article")?.dataset["id"]);
    await page.waitForFunction(() => document.activeElement?.closest("article") !== null);
    assert.equal(await focused(), "a");
    const top = await page.locator("article[data-id=a]").boundingBox();
    const header = await page.locator(".memory").boundingBox();
    assert.ok(top !== null && header !== null && top.y >= header.y + header.height && top.y < 300, JSON.stringify(top));

    // With the keyboard: one stop, arrows between spans, Enter goes there, Escape puts the words away.
    await ribbon.getByRole("button").first().focus();
    assert.match(
      await tip.innerText(),
      /^Instructions, never forgotten\n20 tokens\nClick to see what the model remembers$/,
    );
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    assert.match(await tip.innerText(), /^Pinned turn\nAnd the pin\?\n[\d,]+ tokens · 3 hours ago/);
    assert.match(
      (await ribbon.locator(":focus").getAttribute("aria-label")) ?? "",
      /^Pinned turn: And the pin\?\. [\d,]+ tokens · 3 hours ago$/,
    );
    await page.keyboard.press("Escape");
    await tip.waitFor({ state: "detached" });
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement?.closest<HTMLElement>("article")?.dataset["id"] === "b");
    await ribbon.getByRole("button").first().focus();
    await page.keyboard.press("End");
    assert.match(await tip.innerText(), /^Free\n[\d,]+ tokens$/);
    assert.equal(await ribbon.locator("[tabindex='0']").count(), 1);
    assert.deepEqual(panel.problems, []);
  });

  it("shows a hundred turns on 200 pixels, each of them still there for the keyboard", async () => {
    const state = panelStates.ribbon;
    const panel = await open({ ...state.options, width: 200 });
    await state.arrange(panel);
    const { page } = panel;
    const turns = page.locator(".ribbon > [data-turn]");
    const { spans } = await panel.engine.cacheState();
    assert.equal(await turns.count(), spans.filter(({ turnId }) => turnId !== undefined).length);
    assert.ok((await turns.count()) > 90);
    const widths = await page.evaluate(() => {
      const ribbon = document.querySelector(".ribbon");
      const all = [...document.querySelectorAll(".ribbon > button")].map((span) => span.getBoundingClientRect());
      return {
        ribbon: ribbon?.getBoundingClientRect().width ?? 0,
        spans: all.reduce((sum, { width }) => sum + width, 0),
      };
    });
    assert.ok(Math.abs(widths.ribbon - widths.spans) < 2, JSON.stringify(widths));
    const blocks = await page.locator(".ribbon > .span-turn.is-separated").count();
    assert.ok(blocks > 10 && blocks < 60, `${blocks} blocks`);
    const tip = await page.getByTestId("ribbon-tip").boundingBox();
    assert.ok(tip !== null && tip.x >= 0 && tip.x + tip.width <= 200);
    const newest = page.locator(".ribbon > [data-turn]").last();
    await newest.focus();
    await page.keyboard.press("ArrowLeft");
    assert.match(await page.getByTestId("ribbon-tip").innerText(), /Question 109/);
  });

  it("opens what the model remembers from the head and from the button", async () => {
    const { page, host, say } = await open();
    await say("hello");
    await page.locator("article[data-status=done]").waitFor();
    await page.locator(".ribbon > [data-kind=head]").click();
    await page.getByRole("button", { name: "What does the model remember?" }).click();
    await page.waitForTimeout(50);
    assert.deepEqual(
      host.lines.filter((line) => line === "showMemory"),
      ["showMemory", "showMemory"],
    );
  });

  it("offers to load the model again after a changed setting, and waits for the reply that runs", async () => {
    const { page, host, controller, engine, say } = await open({
      engine: { pieceMs: 5, answer: () => ({ text: "word ".repeat(120) }) },
    });
    await say("hello");
    await page.locator("article[data-status=streaming]").waitFor();
    host.settingsNow = { ...host.settingsNow, systemPrompt: "Be brief." };
    await controller.settingsChanged(false);
    const banner = page.locator("[data-kind=info]").getByText("Settings have changed.");
    await banner.waitFor();
    await page.getByRole("button", { name: "Load it again after this reply" }).click();
    await page.locator("article[data-status=done]").waitFor();
    await banner.waitFor({ state: "detached" });
    assert.deepEqual(
      engine.calls.map((call) => call.replace(/ .*/, "")),
      ["load", "send", "load", "restore"],
    );
    assert.match(await page.locator("article [data-part=reply]").innerText(), /word$/);
  });
});
