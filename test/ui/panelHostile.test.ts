import assert from "node:assert/strict";
import { hostileMessages } from "../fixtures/panel/hostileMessages.ts";
import { panelSuite } from "../fixtures/panel/panelSuite.ts";
import { sampleTurn } from "../fixtures/panel/sampleTurns.ts";

/**
 * Longest time for which one message may keep the view busy, in milliseconds. What hangs does so for minutes; what is
 * merely slow on a busy machine does not.
 */
const longestMs = 30_000;

describe("hostile content in the panel", () => {
  const open = panelSuite();

  it("executes nothing, asks for nothing and never hangs, whole or piece by piece", async function () {
    this.timeout(240_000);
    const { page, controller, requests, problems } = await open();
    await page.evaluate(() => {
      Object.assign(window, { fired: [] as string[] });
      window.alert = () => void (window as unknown as { fired: string[] }).fired.push("alert");
    });
    for (const [name, source] of Object.entries(hostileMessages)) {
      for (const status of ["done", "streaming"] as const) {
        const start = performance.now();
        await controller.openTranscript([
          sampleTurn(`${name}-${status}`, source, source, { status, thought: source.slice(0, 2_000) }),
        ]);
        const row = page.locator(`article[data-id="${name}-${status}"]`);
        await row.waitFor({ timeout: 20_000 });
        await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
        const took = performance.now() - start;
        assert.ok(took < longestMs, `${name} (${status}) took ${Math.round(took)} ms`);
        const foreign = await row.evaluate((element) => {
          const allowed = new Set(
            (
              "article section div span time p br hr h1 blockquote ul ol li table thead tbody tr th td strong em del " +
              "code pre kbd sub sup a button i"
            ).split(" "),
          );
          const elements = [...element.querySelectorAll("*")];
          const bad = elements.filter((child) => !allowed.has(child.localName)).map((child) => child.localName);
          const attributes = elements.flatMap((child) => [...child.attributes].map(({ name }) => name));
          const risky = attributes.filter((name) => /^on|^href$|^src$|^style$|^id$|^srcdoc$|^formaction$/.test(name));
          return [...bad, ...risky];
        });
        assert.deepEqual(foreign, [], name);
        const links = await row
          .locator("[data-href]")
          .evaluateAll((all) => all.map((a) => a.getAttribute("data-href")));
        for (const href of links) assert.match(href ?? "", /^(https?:\/\/|mailto:|[\w@.][\w@./ -]*$)/i, name);
      }
    }
    assert.deepEqual(await page.evaluate(() => (window as unknown as { fired: string[] }).fired), []);
    assert.deepEqual(requests, []);
    assert.deepEqual(problems, []);
    assert.equal(page.url().endsWith("?language=en"), true);
  });

  it("has a policy that stops what would get past the sanitiser", async () => {
    const { page, problems } = await open();
    const ran = await page.evaluate(async () => {
      const probe = document.createElement("div");
      document.body.append(probe);
      probe.innerHTML =
        '<img src="http://127.0.0.1:9/x.png" onerror="window.ran = true"><iframe src="javascript:parent.ran=true"></iframe>' +
        '<style>body { background: url("http://127.0.0.1:9/y.png") }</style><svg onload="window.ran = true"></svg>';
      const script = document.createElement("script");
      script.textContent = "window.ran = true";
      document.body.append(script);
      await fetch("http://127.0.0.1:9/z").catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 200));
      return "ran" in window;
    });
    assert.equal(ran, false);
    const refused = problems.filter((problem) => problem.includes("Content Security Policy"));
    assert.ok(refused.length >= 4, problems.join("\n"));
  });
});
