// Talks to the demo model as windows do until it is killed, and says on standard output what is on disk. Several windows
// with an engine each in one process: starting it is what costs most.
// usage: OPTIONS, see KilledWindowOptions
import { writeSync } from "node:fs";
import { KeptWindow } from "../fixtures/keptWindow.ts";
import { promptOf } from "../fixtures/engine/prompts.ts";
import { randomFrom } from "./randomFrom.ts";
import type { KilledWindowOptions, WindowStatement } from "./windowStatement.ts";

const options = JSON.parse(process.argv[2] ?? "") as KilledWindowOptions;
const tell = (statement: WindowStatement): void => void writeSync(1, `${JSON.stringify(statement)}\n`);

async function talk(folder: string, conversation: number): Promise<void> {
  const { seed, enginePath, modelPath, storagePath } = options;
  const random = randomFrom(seed * options.folders.length + conversation);
  const snapshotPolicy = { idleMs: 5, periodMs: 0 };
  const window = new KeptWindow({ folder, enginePath, modelPath, storagePath, snapshotPolicy });
  await window.keeper.opened;
  const { controller, engine, keeper } = window;
  // An engine that was killed comes back with the next message, as another process.
  engine.onDidChangeStatus(() => tell({ conversation, engine: engine.pid ?? 0 }));
  const begun = performance.now();
  await window.start();
  tell({ conversation, took: performance.now() - begun });

  for (let count = controller.turns.length; ; count++) {
    const begun = performance.now();
    const { turns } = controller;
    const last = turns.at(-1);
    const any = turns[random(Math.max(1, turns.length))];
    const operation = last === undefined ? 0 : random(11);
    if (last !== undefined && (operation === 7 || operation === 8)) tell({ conversation, replacing: last.id });
    switch (operation) {
      case 6:
        await controller.receive({ type: any?.pinned === true ? "unpin" : "pin", id: any?.id ?? "" });
        break;
      case 7:
        await controller.receive({ type: "regenerate" });
        break;
      case 8:
        await controller.receive({ type: "editLast", text: promptOf(count + random(50)) });
        break;
      case 9:
        await controller.receive({ type: "bringBack", id: any?.id ?? "" });
        break;
      case 10:
        // As the view does: only what was cut short can be gone on with.
        if (last?.reply !== "" && (last?.note === "interrupted" || last?.note === "maxTokens")) {
          tell({ conversation, replacing: last.id });
          await controller.receive({ type: "continueReply" });
        }
        break;
      default:
        await window.say(promptOf(count + random(50)));
    }
    await keeper.flush();
    const turn = controller.turns.at(-1);
    if (turn?.status === "done") tell({ conversation, id: turn.id, user: turn.user, reply: turn.reply });
    tell({ conversation, took: performance.now() - begun });
    await new Promise((resolve) => setTimeout(resolve, random(40)));
  }
}

process.stdin.resume().once("close", () => process.exit());
await Promise.all(options.folders.map(talk));
