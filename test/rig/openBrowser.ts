import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { findChromium } from "./findChromium.ts";

/** The whole interface is to be seen in a screenshot, with room for the side bar. */
const viewport = { width: 1280, height: 800 };

/** Starts a headless browser with one page. Nothing in it calls home. */
export async function openBrowser(options: BrowserContextOptions = {}): Promise<{ browser: Browser; page: Page }> {
  const browser = await chromium.launch({
    executablePath: findChromium(),
    headless: true,
    args: [
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  const context = await browser.newContext({ viewport, ...options });
  return { browser, page: await context.newPage() };
}
