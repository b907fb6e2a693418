// Writes test/fixtures/panel/themes.json: what VS Code's own themes hand to a webview of the variables that our style
// sheets and the report of measurements use, read from a real workbench, so that tests of the view alone can draw it as it looks there.
// Run: node --import tsx test/scripts/panelThemes.ts
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { reportStyle } from "../../src/measure/reportStyle.ts";
import { folders } from "../rig/folders.ts";
import { openWorkbench } from "../rig/openWorkbench.ts";

const styles = path.join(folders.root, "webview-ui", "styles");
const css = readdirSync(styles).map((file) => readFileSync(path.join(styles, file), "utf8"));
const used = new Set([...[...css, reportStyle].join("\n").matchAll(/--vscode-[\w-]+/g)].map(([name]) => name));

const themes = {
  dark: "Default Dark Modern",
  light: "Default Light Modern",
  highContrastDark: "Default High Contrast",
  highContrastLight: "Default High Contrast Light",
};

const captured: Record<string, unknown> = {};
for (const [name, colorTheme] of Object.entries(themes)) {
  const workbench = await openWorkbench({
    settings: { "workbench.colorTheme": colorTheme },
    openChat: true,
  });
  try {
    await workbench.chat.waitUntilShown();
    captured[name] = await workbench.chat.frame.locator("body").evaluate(
      (body: Element, names: readonly string[]) => {
        const { style } = document.documentElement;
        const variables = names.filter((name) => style.getPropertyValue(name) !== "");
        return {
          bodyClass: body.getAttribute("class"),
          variables: Object.fromEntries(variables.map((property) => [property, style.getPropertyValue(property)])),
        };
      },
      [...used].sort(),
    );
  } finally {
    await workbench.close();
  }
}
writeFileSync(path.join(folders.root, "test/fixtures/panel/themes.json"), `${JSON.stringify(captured, null, 1)}\n`);
