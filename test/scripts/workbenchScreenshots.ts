// Draws the chat in a real workbench, in dark, light and high contrast, into .rig/shots/workbench.
// Run after a build: node --import tsx test/scripts/workbenchScreenshots.ts
import { mkdirSync } from "node:fs";
import path from "node:path";
import { openDriven } from "../fixtures/driver/openDriven.ts";
import { richReply, sampleTurn } from "../fixtures/panel/sampleTurns.ts";
import { folders } from "../rig/folders.ts";

const themes = {
  dark: "Default Dark Modern",
  light: "Default Light Modern",
  highContrast: "Default High Contrast",
};
const output = path.join(folders.shots, "workbench");
mkdirSync(output, { recursive: true });

for (const [name, colorTheme] of Object.entries(themes)) {
  const driven = await openDriven({ settings: { "workbench.colorTheme": colorTheme } });
  const { workbench, openConversation } = driven;
  const shoot = async (state: string): Promise<void> => {
    await workbench.page.waitForTimeout(400);
    await workbench.page.screenshot({ path: path.join(output, `${state}-${name}.png`) });
  };
  try {
    await shoot("welcome");
    await workbench.chat.frame.getByTestId("try-demo").click();
    await workbench.chat.frame.locator("[data-kind=toy]").waitFor({ timeout: 60_000 });
    await shoot("toy");
    await openConversation([
      sampleTurn(
        "a",
        "Let's move the settings reader out of `extension.ts` first.",
        "It is in `settings.ts` now. ".repeat(90),
      ),
      sampleTurn("b", "We target VS Code 1.106, no runtime dependencies in `session/`.", "Understood."),
      sampleTurn("c", "Why does the eviction test fail for one-turn chats?", richReply.slice(0, 900), {
        thought: "The plan is empty.",
        thoughtMs: 3_000,
      }),
    ]);
    await workbench.chat.send("Remember that the green cache is 47.");
    await workbench.chat.waitForReply(4);
    await workbench.chat.send("What is the green cache?");
    await workbench.chat.waitForReply(5);
    await shoot("chat");
    // The sash between the editor and the secondary side bar.
    const box = await workbench.page.locator(".part.auxiliarybar").boundingBox();
    if (box === null) throw new Error("The secondary side bar is not there.");
    await workbench.page.mouse.move(box.x - 2, box.y + 300);
    await workbench.page.mouse.down();
    await workbench.page.mouse.move(box.x - 422, box.y + 300, { steps: 8 });
    await workbench.page.mouse.up();
    await shoot("wide");
    await workbench.page.mouse.move(box.x - 422, box.y + 300);
    await workbench.page.mouse.down();
    await workbench.page.mouse.move(1280 - 205, box.y + 300, { steps: 8 });
    await workbench.page.mouse.up();
    await shoot("narrow");
  } finally {
    await driven.close();
  }
}
