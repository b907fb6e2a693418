// Draws the list of conversations, the window's text and the status bar in a real workbench, in dark, light and high
// contrast, into .rig/shots/memory. Run after a build: node --import tsx test/scripts/memoryScreenshots.ts [theme…]
import { mkdirSync } from "node:fs";
import path from "node:path";
import { openDriven } from "../fixtures/driver/openDriven.ts";
import { sampleTurn } from "../fixtures/panel/sampleTurns.ts";
import { folders } from "../rig/folders.ts";

const themes = {
  dark: "Default Dark Modern",
  light: "Default Light Modern",
  highContrast: "Default High Contrast",
};
const output = path.join(folders.shots, "memory");
mkdirSync(output, { recursive: true });
const wanted = process.argv.slice(2);

for (const [name, colorTheme] of Object.entries(themes)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const driven = await openDriven({ settings: { "workbench.colorTheme": colorTheme } });
  const { page, chat } = driven.workbench;
  const shoot = async (state: string): Promise<void> => {
    await page.waitForTimeout(500);
    await page.screenshot({ path: path.join(output, `${state}-${name}.png`) });
  };
  try {
    await chat.frame.getByTestId("try-demo").click();
    await chat.frame.locator("[data-kind=toy]").waitFor({ timeout: 60_000 });
    for (const user of ["Move the settings reader out of extension.ts", "Why does the eviction test fail?"]) {
      await driven.openConversation([sampleTurn(user, user, "It is done: the plan frees the oldest turns first.")]);
      await chat.turn(1).getByText(user).waitFor();
    }
    await chat.turn(1).waitFor();
    await chat.send("Remember that the green cache is 47.");
    await chat.waitForReply(2);
    await chat.turn(2).getByLabel("Pin").click();
    await chat.send("Write a function to sort a table.");
    await chat.waitForReply(3);
    await chat.frame.getByTestId("show-memory").click();
    await page.locator(".editor-instance .view-line", { hasText: "sort a table" }).first().waitFor();
    await chat.frame.locator(".ribbon > .span-pinned").hover();
    await shoot("window");
    await driven.workbench.runCommand("Daylong: Conversations");
    await page.locator(".quick-input-list .monaco-list-row", { hasText: "settings reader" }).waitFor();
    await shoot("list");
    await page.locator(".quick-input-widget input.input").fill("oldest");
    await page.locator(".quick-input-list .monaco-list-row", { hasText: "the plan frees" }).first().waitFor();
    await shoot("search");
    await page.keyboard.press("Escape");
    await page.locator('.statusbar-item[id="daylong.daylong.daylong.status"]').hover();
    await page.waitForTimeout(1_200);
    await shoot("status");
  } finally {
    await driven.close();
  }
}
