// Draws the panel in its main states, all themes, narrow and wide, into .rig/shots/panel.
// Run after a build: node --import tsx test/scripts/panelScreenshots.ts [state…]
import { mkdirSync } from "node:fs";
import path from "node:path";
import { folders } from "../rig/folders.ts";
import { openBrowser } from "../rig/openBrowser.ts";
import { openPanel, type PanelOptions, type ThemeName } from "../fixtures/panel/openPanel.ts";
import { PanelServer } from "../fixtures/panel/panelServer.ts";
import { panelStates, type PanelStateName } from "../fixtures/panel/panelStates.ts";

const output = path.join(folders.shots, "panel");
mkdirSync(output, { recursive: true });
const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(panelStates);
const server = await PanelServer.start();
const { browser } = await openBrowser();

async function draw(name: string, theme: ThemeName, width: number, options: PanelOptions = {}): Promise<void> {
  const state: { readonly options?: PanelOptions; arrange: (typeof panelStates)["chat"]["arrange"] } =
    panelStates[name as PanelStateName];
  const panel = await openPanel(browser, server, { ...state.options, theme, width, ...options });
  await state.arrange(panel);
  await panel.page.waitForTimeout(150);
  await panel.page.screenshot({ path: path.join(output, `${name}-${theme}-${width}.png`) });
  if (panel.problems.length > 0) console.error(name, theme, panel.problems);
  await panel.close();
}

for (const name of names) {
  await draw(name, "dark", 380);
  await draw(name, "light", 380);
  await draw(name, "highContrastDark", 380);
  await draw(name, "dark", 200);
}
await draw("chat", "light", 1400);
await draw("chat", "highContrastLight", 380);
await browser.close();
await server.stop();
