import assert from "node:assert/strict";
import axe from "axe-core";
import type { ThemeName } from "../fixtures/panel/openPanel.ts";
import { panelStates, type PanelStateName } from "../fixtures/panel/panelStates.ts";
import { panelSuite } from "../fixtures/panel/panelSuite.ts";
import { longDay } from "../fixtures/panel/sampleTurns.ts";

const themes: readonly ThemeName[] = ["dark", "light", "highContrastDark", "highContrastLight"];
const stateNames = Object.keys(panelStates) as PanelStateName[];
/** The states in which a theme or a width can make a difference of its own. */
const tellingStates: readonly PanelStateName[] = ["welcome", "toy", "chat", "crashed", "editing", "find"];

interface AxeResult {
  readonly violations: readonly {
    id: string;
    impact: string;
    nodes: readonly { html: string; failureSummary: string }[];
  }[];
}

describe("the panel for everyone", () => {
  const open = panelSuite();

  for (const theme of themes) {
    it(`has no serious fault in any state, by axe-core: ${theme}`, async function () {
      this.timeout(180_000);
      for (const name of theme === "dark" ? stateNames : tellingStates) {
        const state: { options?: object; arrange: (typeof panelStates)["chat"]["arrange"] } = panelStates[name];
        const panel = await open({ ...state.options, theme });
        await state.arrange(panel);
        await panel.page.evaluate(axe.source);
        const result = await panel.page.evaluate<AxeResult>("axe.run(document)");
        const serious = result.violations
          .filter(({ impact }) => impact === "serious" || impact === "critical")
          .map(
            ({ id, nodes }) =>
              `${id}: ${nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`).join("\n")}`,
          );
        assert.deepEqual(serious, [], `${theme} ${name}`);
        await panel.close();
      }
    });
  }

  for (const width of [200, 2400]) {
    it(`fits into ${width} pixels in every state`, async function () {
      this.timeout(120_000);
      for (const name of width === 200 ? stateNames : tellingStates) {
        const state: { options?: object; arrange: (typeof panelStates)["chat"]["arrange"] } = panelStates[name];
        const panel = await open({ ...state.options, width });
        await state.arrange(panel);
        const outside = await panel.page.evaluate(() => {
          const scrolls = (element: Element): boolean =>
            element.closest("pre, .table, .ribbon, .visually-hidden, .meter") !== null;
          return [...document.querySelectorAll("#root *")]
            .filter((element) => !scrolls(element) && element.getClientRects().length > 0)
            .filter((element) => {
              const { left, right } = element.getBoundingClientRect();
              return left < -1 || right > window.innerWidth + 1;
            })
            .map((element) => element.outerHTML.slice(0, 120));
        });
        assert.deepEqual(outside, [], name);
        await panel.close();
      }
    });
  }

  it("shows forgotten turns and every colour of code at a contrast of 4.5 to 1", async function () {
    this.timeout(120_000);
    const classes =
      "keyword string number literal title type built_in attr comment meta addition deletion variable symbol regexp".split(
        " ",
      );
    for (const theme of themes) {
      const { page, controller } = await open({ theme, height: 3_000 });
      await controller.openTranscript(longDay(12).map((turn, index) => ({ ...turn, remembered: index >= 6 })));
      await page.locator("article pre").first().waitFor();
      const worst = await page.evaluate((names) => {
        const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
        if (canvas === null) throw new Error("no canvas");
        const rgb = (color: string): number[] => {
          canvas.clearRect(0, 0, 1, 1);
          canvas.fillStyle = color;
          canvas.fillRect(0, 0, 1, 1);
          return [...canvas.getImageData(0, 0, 1, 1).data];
        };
        const luminance = (color: string): number =>
          rgb(color)
            .slice(0, 3)
            .map((part) => part / 255)
            .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
            .reduce((sum, part, index) => sum + part * ([0.2126, 0.7152, 0.0722][index] ?? 0), 0);
        const backgroundOf = (element: Element): string => {
          for (let at: Element | null = element; at !== null; at = at.parentElement) {
            const { backgroundColor } = getComputedStyle(at);
            if (rgb(backgroundColor)[3] === 255) return backgroundColor;
          }
          return "white";
        };
        const contrast = (element: Element): number => {
          const [one, other] = [luminance(getComputedStyle(element).color), luminance(backgroundOf(element))];
          return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        };
        const code = document.querySelector("article:not(.is-forgotten) pre code");
        if (code === null) throw new Error("no code in a remembered turn");
        const results: Record<string, number> = {};
        for (const name of names) {
          const span = document.createElement("span");
          span.className = `hljs-${name}`;
          code.append(span);
          results[name] = contrast(span);
          span.remove();
        }
        for (const element of document.querySelectorAll(
          ".is-forgotten :is(.plain, .name, time, p, code, .code-name, li)",
        )) {
          results[`forgotten ${element.localName}`] = contrast(element);
        }
        return results;
      }, classes);
      assert.ok(Object.keys(worst).some((name) => name.startsWith("forgotten")));
      const faint = Object.entries(worst).filter(([, value]) => value < 4.5);
      assert.deepEqual(faint, [], theme);
    }
  });

  it("is used with the keyboard alone: turns by arrows, buttons by tab, back to the composer", async () => {
    const { page, controller, intents, input } = await open();
    await controller.openTranscript(longDay(40));
    await page.locator("article").last().waitFor();
    // Older turns come after the first picture.
    await page.locator("[role=feed][aria-busy=false]").waitFor();
    await page.locator("article").last().focus();
    const focused = (): Promise<string | undefined> =>
      page.evaluate(() => document.activeElement?.closest<HTMLElement>("article")?.dataset["id"]);
    assert.equal(await focused(), "turn-39");
    for (let times = 0; times < 25; times += 1) await page.keyboard.press("ArrowUp");
    assert.equal(await focused(), "turn-14");
    const visible = await page.evaluate(() => {
      const view = document.querySelector(".scroller")?.getBoundingClientRect();
      const row = document.activeElement?.getBoundingClientRect();
      return view !== undefined && row !== undefined && row.bottom > view.top && row.top < view.bottom;
    });
    assert.equal(visible, true);
    await page.keyboard.press("Tab");
    const ring = await page.evaluate(() => {
      const style = getComputedStyle(document.activeElement ?? document.body);
      return `${style.outlineStyle} ${style.outlineWidth} ${style.opacity}`;
    });
    assert.equal(ring, "solid 1px 1");
    await page.keyboard.press("Enter");
    await page.waitForTimeout(200);
    assert.equal(intents.at(-1)?.type === "bringBack" || intents.at(-1)?.type === "copyTurn", true);
    assert.equal(await focused(), "turn-14");
    await page.keyboard.press("Control+f");
    await page.getByTestId("find-input").waitFor();
    await page.keyboard.press("Escape");
    assert.equal(await input.evaluate((element) => element === document.activeElement), true);
  });

  it("reads a reply out in whole sentences, once, and says when it is finished", async () => {
    const text = "First sentence. Second **one**!\n\n```ts\nconst hidden = 1;\n```\n\nThe end.";
    const { page, say } = await open({ engine: { pieceMs: 10, answer: () => ({ text }) } });
    const region = page.getByTestId("live-region");
    assert.equal(await region.getAttribute("aria-live"), "polite");
    await say("hello");
    await page.locator("article[data-status=done]").waitFor();
    await region.getByText("Reply finished.").waitFor();
    assert.deepEqual(await region.locator("p").allTextContents(), [
      "Daylong is replying.",
      "First sentence.",
      "Second one!",
      "Code block.",
      "The end.",
      "Reply finished.",
    ]);
    assert.equal(await page.locator("[role=feed]").getAttribute("aria-live"), null);
  });

  it("does not read out a conversation that is only opened", async () => {
    const { page, controller } = await open();
    await controller.openTranscript(longDay(5));
    await page.locator("article").last().waitFor();
    assert.equal(await page.getByTestId("live-region").textContent(), "");
  });

  it("moves nothing for who wants less motion", async () => {
    const { page, say } = await open({ engine: { pieceMs: 1_000 }, browser: { reducedMotion: "reduce" } });
    await say("hello");
    await page.locator(".is-working").waitFor();
    const running = await page.evaluate(() => document.getAnimations().filter((a) => a.playState === "running").length);
    assert.equal(running, 0);
  });

  it("leaves Enter to the input method while it composes", async () => {
    const { page, input, intents } = await open();
    await input.fill("にほ");
    await input.evaluate((element) => {
      element.dispatchEvent(
        new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true }),
      );
      element.dispatchEvent(new KeyboardEvent("keydown", { key: "Process", bubbles: true, cancelable: true }));
    });
    await page.waitForTimeout(100);
    assert.equal(
      intents.some(({ type }) => type === "send"),
      false,
    );
    await input.press("Shift+Enter");
    assert.equal(await input.inputValue(), "にほ\n");
    await input.press("Enter");
    await page.getByTestId("turn").waitFor();
  });
});
