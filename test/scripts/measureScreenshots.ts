// Draws the tab of "Measure This Model" in a real workbench while it is filled, wide and narrow, in dark, light and high
// contrast, and the whole report in dark, into .rig/shots/measure. Run after a build: node --import tsx test/scripts/measureScreenshots.ts
import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Frame } from "playwright-core";
import { openDriven } from "../fixtures/driver/openDriven.ts";
import { folders } from "../rig/folders.ts";

const themes = {
  dark: "Default Dark Modern",
  light: "Default Light Modern",
  highContrast: "Default High Contrast",
  highContrastLight: "Default High Contrast Light",
};
const output = path.join(folders.shots, "measure");
mkdirSync(output, { recursive: true });

for (const [name, colorTheme] of Object.entries(themes)) {
  const driven = await openDriven({ settings: { "workbench.colorTheme": colorTheme } });
  const { workbench } = driven;
  const { page } = workbench;
  const shoot = async (state: string): Promise<void> => {
    await page.waitForTimeout(500);
    await page.screenshot({ path: path.join(output, `${state}-${name}.png`) });
  };
  try {
    await workbench.chat.frame.getByTestId("try-demo").click();
    await workbench.chat.frame.locator("[data-kind=toy]").waitFor({ timeout: 60_000 });
    await workbench.runCommand("Daylong: Measure This Model");
    /** The frame that has it; reports are redrawn while they grow. */
    const frameWith = async (selector: string): Promise<Frame> => {
      for (let tries = 0; tries < 600; tries++) {
        for (const frame of page.frames()) {
          const count = await frame
            .locator(selector)
            .count()
            .catch(() => 0);
          if (count > 0) return frame;
        }
        await page.waitForTimeout(300);
      }
      throw new Error(`${selector} did not appear`);
    };
    await frameWith(".parts");
    await shoot("running");
    const tab = await frameWith(".plot svg");
    await tab.locator(".plot").first().scrollIntoViewIfNeeded();
    await shoot("plot");
    await tab.locator("table").last().scrollIntoViewIfNeeded();
    await shoot("table");
    await page.setViewportSize({ width: 820, height: 900 });
    await tab.locator(".plot").first().scrollIntoViewIfNeeded();
    await shoot("narrow");
    if (name !== "dark") continue;
    await page.setViewportSize({ width: 1600, height: 1000 });
    const whole = await frameWith("section:nth-of-type(10)"); // as many experiments suit any model
    await whole.locator("h1").scrollIntoViewIfNeeded();
    await shoot("finished");
    for (const [index, section] of (await whole.locator("section").all()).entries()) {
      await section.scrollIntoViewIfNeeded();
      await shoot(`section-${index}`);
    }
  } finally {
    await driven.close();
  }
}
