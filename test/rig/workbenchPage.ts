import type { Page } from "playwright-core";
import { ChatPage } from "./chatPage.ts";
import { startTimeoutMs } from "./startTimeout.ts";

/** What a user does in the workbench, with keyboard and mouse. */
export class WorkbenchPage {
  /** The chat view. It stays valid when the view is closed and opened again. */
  readonly chat: ChatPage;

  constructor(readonly page: Page) {
    // The outer frame belongs to the workbench, the inner one holds the extension's document.
    const outer = page.frameLocator('iframe.webview.ready[src*="extensionId=daylong.daylong"]');
    this.chat = new ChatPage(outer.frameLocator("#active-frame"));
  }

  async waitUntilShown(): Promise<void> {
    await this.page.locator(".monaco-workbench").waitFor({ timeout: startTimeoutMs });
  }

  /** Runs a command by its title, as the palette shows it. */
  async runCommand(title: string): Promise<void> {
    const input = this.page.locator(".quick-input-widget input.input");
    const rows = this.page.locator(".quick-input-widget .quick-input-list .monaco-list-row");
    const row = rows.filter({ hasText: title }).first();
    const deadline = Date.now() + startTimeoutMs;
    for (;;) {
      await this.page.keyboard.press("F1");
      await input.waitFor();
      await input.fill(`>${title}`);
      try {
        await row.click({ timeout: 3_000 });
        return;
      } catch (error) {
        // An open palette does not learn of commands that an extension has brought in the meantime.
        if (Date.now() > deadline) throw error;
        await this.page.keyboard.press("Escape");
      }
    }
  }
}
