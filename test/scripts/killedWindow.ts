// Talks to the demo model as a window does until it is killed, and says on standard output what is on disk.
// usage: FOLDER SEED ENGINE MODEL
import { writeSync } from "node:fs";
import { KeptWindow } from "../fixtures/keptWindow.ts";
import { promptOf } from "../fixtures/engine/prompts.ts";
import type { WindowStatement } from "./windowStatement.ts";

const [folder = "", seedText = "1", enginePath = "", modelPath = ""] = process.argv.slice(2);
let seed = Number(seedText);
/** 0 … below the limit. */
const random = (limit: number): number => {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
  return (seed >>> 8) % limit;
};
const tell = (statement: WindowStatement): void => void writeSync(1, `${JSON.stringify(statement)}\n`);

const window = new KeptWindow({ folder, enginePath, modelPath, snapshotPolicy: { idleMs: 5, periodMs: 0 } });
await window.keeper.opened;
const { controller, engine, keeper } = window;
await window.start();
tell({ engine: engine.pid ?? 0, restored: window.log.filter((line) => line.startsWith("the model's memory")).join() });

for (let count = controller.turns.length; ; count++) {
  const { turns } = controller;
  const last = turns.at(-1);
  const any = turns[random(Math.max(1, turns.length))];
  const operation = last === undefined ? 0 : random(10);
  if (last !== undefined && (operation === 7 || operation === 8)) tell({ replacing: last.id });
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
    default:
      await window.say(promptOf(count + random(50)));
  }
  await keeper.flush();
  const turn = controller.turns.at(-1);
  if (turn?.status === "done") tell({ id: turn.id, user: turn.user, reply: turn.reply });
  // An engine that was killed comes back with the next message, as another process.
  tell({ engine: engine.pid ?? 0, restored: "" });
  await new Promise((resolve) => setTimeout(resolve, random(40)));
}
