import type { BrowserContextOptions } from "playwright-core";
import { installWorkbench } from "./installWorkbench.ts";
import { openBrowser } from "./openBrowser.ts";
import { WorkbenchPage } from "./workbenchPage.ts";
import { startWorkbenchServer, type ServerOptions, type WorkbenchServer } from "./workbenchServer.ts";

export interface OpenOptions extends ServerOptions {
  /** What kind of browser window, for example its size or reduced motion. */
  readonly browser?: BrowserContextOptions;
}

export interface OpenWorkbench extends WorkbenchPage {
  readonly server: WorkbenchServer;
  close(): Promise<void>;
}

/** Starts a server and a headless browser with the workbench in it. */
export async function openWorkbench(options: OpenOptions = {}): Promise<OpenWorkbench> {
  const server = await startWorkbenchServer(installWorkbench(), options);
  try {
    const { browser, page } = await openBrowser(options.browser);
    const workbench = new WorkbenchPage(page);
    const close = async (): Promise<void> => {
      await browser.close();
      await server.stop();
    };
    try {
      await page.goto(server.address());
      await workbench.waitUntilShown();
    } catch (error) {
      await browser.close();
      throw error;
    }
    return Object.assign(workbench, { server, close });
  } catch (error) {
    await server.stop();
    throw error;
  }
}
