import { mkdirSync } from "node:fs";
import path from "node:path";
import type { ChatPage, ShownCounters } from "./chatPage.ts";
import { folders } from "./folders.ts";
import { openWorkbench } from "./openWorkbench.ts";

const wantedShifts = 5;
/** The demo model's window overflows about every third turn; far beyond that, something does not count. */
const mostTurns = 80;
const totalTimeoutMs = 360_000;

const messages = [
  "Remember that the green cache is 47.",
  "What is the green cache?",
  "Write a function to sort a table.",
  "Explain this code: return rows.sort((a, b) => b.size - a.size);",
  "Remember that the red queue is 12.",
  "What is the red queue?",
  "Write a function to read a file.",
];

/**
 * Chats with the demo model in a headless workbench until its window has been overrun several times. Prints the
 * counters as one line of JSON; rejects with what went wrong.
 */
export async function smoke(screenshot = path.join(folders.shots, "smoke.png")): Promise<void> {
  mkdirSync(path.dirname(path.resolve(screenshot)), { recursive: true });
  const limit = setTimeout(() => {
    process.stderr.write(`The smoke run took longer than ${totalTimeoutMs / 1000} s and was ended.\n`);
    process.exit(1);
  }, totalTimeoutMs);
  const workbench = await openWorkbench({ openChat: true });
  try {
    await workbench.chat.waitUntilShown();
    const { turns, counters } = await chatUntilShifted(workbench.chat);
    await workbench.page.screenshot({ path: screenshot });
    process.stderr.write(`Screenshot: ${screenshot}\n`);
    process.stdout.write(`${JSON.stringify({ turns, ...counters, screenshot })}\n`);
    if (counters.reprocessedTokens !== 0) {
      throw new Error(`${counters.reprocessedTokens} tokens were computed twice; 0 is right.`);
    }
  } catch (error) {
    await workbench.page.screenshot({ path: screenshot }).catch(() => undefined);
    process.stderr.write(`Screenshot of the failure: ${screenshot}\n`);
    throw error;
  } finally {
    await workbench.close();
    clearTimeout(limit);
  }
}

async function chatUntilShifted(chat: ChatPage): Promise<{ turns: number; counters: ShownCounters }> {
  for (let turn = 1; turn <= mostTurns; turn += 1) {
    await chat.send(messages[(turn - 1) % messages.length] ?? "");
    const end = await chat.waitForReply(turn);
    if (end === "failed") throw new Error(`Turn ${turn} failed: ${await chat.turn(turn).innerText()}`);
    const counters = await chat.counters();
    const { windowTokens, windowSize, shifts } = counters;
    process.stderr.write(`turn ${turn}: ${windowTokens}/${windowSize} tokens, ${shifts} shifts\n`);
    if (shifts >= wantedShifts) return { turns: turn, counters };
  }
  throw new Error(`After ${mostTurns} turns the window had not been overrun ${wantedShifts} times.`);
}
