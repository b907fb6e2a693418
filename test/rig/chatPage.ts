import type { FrameLocator, Locator } from "playwright-core";
import { startTimeoutMs } from "./startTimeout.ts";

/** Long enough for a whole reply of the demo model on a slow machine. Milliseconds. */
const replyTimeoutMs = 60_000;

/** What the header of the view shows, in tokens; `shifts` in times. */
export interface ShownCounters {
  readonly windowTokens: number;
  readonly windowSize: number;
  readonly shifts: number;
  readonly reprocessedTokens: number;
}

/** The chat view as a user meets it. Turns are counted from 1. */
export class ChatPage {
  readonly input: Locator;
  readonly sendButton: Locator;
  readonly stopButton: Locator;

  constructor(readonly frame: FrameLocator) {
    this.input = frame.getByTestId("composer-input");
    this.sendButton = frame.getByTestId("send");
    this.stopButton = frame.getByTestId("stop");
  }

  async waitUntilShown(): Promise<void> {
    await this.input.waitFor({ timeout: startTimeoutMs });
  }

  /** A turn by its place in the conversation, not in the document: the view keeps only the rows near the reader. */
  turn(number: number): Locator {
    return this.frame.locator(`[data-testid="turn"][aria-posinset="${number}"]`);
  }

  /** Types a message and presses Send; does not wait for the reply. */
  async send(message: string): Promise<void> {
    await this.input.fill(message);
    await this.sendButton.click({ timeout: replyTimeoutMs });
  }

  /** Waits until the reply has ended, and returns how. */
  async waitForReply(number: number): Promise<"done" | "stopped" | "failed"> {
    const turn = this.turn(number);
    await turn.waitFor({ timeout: replyTimeoutMs });
    const deadline = Date.now() + replyTimeoutMs;
    for (;;) {
      const status = await turn.getAttribute("data-status");
      if (status === "done" || status === "stopped" || status === "failed") return status;
      if (Date.now() > deadline) {
        throw new Error(`Turn ${number} is still "${String(status)}" after ${replyTimeoutMs / 1000} s.`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async counters(): Promise<ShownCounters> {
    const header = this.frame.getByTestId("counters");
    const read = async (name: string): Promise<number> => {
      const text = await header.getAttribute(name);
      if (text === null || !/^\d+$/.test(text)) {
        throw new Error(`The view shows "${String(text)}" as ${name}, which is not a count.`);
      }
      return Number(text);
    };
    return {
      windowTokens: await read("data-window-tokens"),
      windowSize: await read("data-window-size"),
      shifts: await read("data-shifts"),
      reprocessedTokens: await read("data-reprocessed"),
    };
  }
}
