import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import type { LabResult } from "../../src/lab/labResult.ts";
import { drawPlot } from "../../src/lab/plot.ts";
import { reportHtml } from "../../src/measure/reportHtml.ts";
import type { StoredReport } from "../../src/measure/reportStore.ts";
import { folders } from "../rig/folders.ts";
import { openBrowser } from "../rig/openBrowser.ts";

interface Theme {
  readonly bodyClass: string;
  readonly variables: Readonly<Record<string, string>>;
}

const themes = JSON.parse(
  readFileSync(path.join(folders.root, "test", "fixtures", "panel", "themes.json"), "utf8"),
) as Readonly<Record<string, Theme>>;

/** A report with tables, lines, bars and claims, of real results. */
const names = ["ppl", "arc"];
const found: StoredReport["found"] = new Map(
  names.map((name) => {
    const file = path.join(folders.root, "docs", "lab", `${name}.json`);
    const result = JSON.parse(readFileSync(file, "utf8")) as LabResult;
    return [name, { result, pictures: new Map(result.plots.map((plot) => [plot.name, drawPlot(plot, name)])) }];
  }),
);

describe("the tab of measurements", () => {
  let browser: Browser;
  before(async () => {
    ({ browser } = await openBrowser());
  });
  after(() => browser.close());

  async function open(theme: Theme, width: number, state: "finished" | "running"): Promise<Page> {
    const page = await browser.newPage({ viewport: { width, height: 900 }, bypassCSP: true });
    const parts = [
      ...names.map((name) => ({ name, title: name, state: "found" as const })),
      {
        name: "long",
        title: "long",
        state: "failed" as const,
        error: { code: "internal" as const, message: "It failed." },
      },
    ];
    const report = { model: "a-model-with-a-long-name.Q4_K_M", startedAt: 0, state, parts };
    const html = reportHtml(
      { report: state === "finished" ? { ...report, endedAt: 90_000 } : report, found },
      {
        translate: (message, ...values) => message.replace(/\{(\d)\}/g, (_, at: string) => String(values[Number(at)])),
        language: "en",
        describe: ({ message }) => message,
        nonce: "abc",
      },
    );
    await page.setContent(html);
    await page.evaluate(({ bodyClass, variables }) => {
      document.body.className = bodyClass;
      for (const [name, value] of Object.entries(variables)) document.documentElement.style.setProperty(name, value);
    }, theme);
    return page;
  }

  for (const [name, theme] of Object.entries(themes)) {
    it(`has no serious fault, by axe-core: ${name}`, async () => {
      const page = await open(theme, 900, name === "dark" ? "running" : "finished");
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate<axe.AxeResults>("axe.run(document)");
      const serious = violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("\n")}`);
      assert.deepEqual(serious, []);
      await page.close();
    });
  }

  it("fits into 280 pixels: wide tables and pictures scroll on their own, and can be reached with keys", async () => {
    const page = await open(themes["dark"]!, 280, "finished");
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 0, `${overflow} pixels too wide`);
    const unreachable = await page.evaluate(() =>
      [...document.querySelectorAll("*")]
        .filter(
          (element) => element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX === "auto",
        )
        .filter((element) => (element as HTMLElement).tabIndex < 0)
        .map((element) => element.outerHTML.slice(0, 80)),
    );
    assert.deepEqual(unreachable, []);
    await page.close();
  });
});
