// Writes a conversation as fast as it can until it is killed, and says on standard output what is on disk.
// usage: FOLDER SEED
import { writeSync } from "node:fs";
import { StoredConversation } from "../../src/storage/storedConversation.ts";
import { killedTurn, replyOf, type KeptTurn } from "./killedTurn.ts";

const [folder = "", seedText = "1"] = process.argv.slice(2);
let seed = Number(seedText);
/** 0 … below the limit. */
const random = (limit: number): number => {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
  return (seed >>> 8) % limit;
};
const say = (kept: KeptTurn): void => void writeSync(1, `${JSON.stringify(kept)}\n`);

const conversation = await StoredConversation.open({
  folder,
  header: { kind: "conversation", id: "killed", createdAt: 0, workspace: "", beside: false },
  wait: 0,
  onDidFail: (error) => {
    if (error !== undefined) throw error instanceof Error ? error : new Error("it cannot be written");
  },
  onDidLose: () => {
    throw new Error("the lock of a living process was taken over");
  },
  // Small enough that most lives of this process see the journal written anew.
  compactAboveBytes: 8_000,
});
if (conversation === undefined) throw new Error("the lock that the last process left was not taken over");

async function reply(id: string, version: number): Promise<void> {
  const whole = replyOf(id, version);
  for (let offset = 0; offset < whole.length;) {
    const text = whole.slice(offset, offset + 1 + random(200));
    conversation?.append({ kind: "text", id, channel: "reply", offset, text });
    offset += text.length;
    if (random(3) > 0) continue;
    await conversation?.flush();
    say({ id, version, length: offset, finished: false });
  }
  conversation?.append({ kind: "change", id, change: { reply: whole, status: "done" } });
  await conversation?.flush();
  say({ id, version, length: whole.length, finished: true });
}

for (let count = conversation.turns.length; ; count++) {
  const id = `turn ${count}`;
  conversation.append({ kind: "turn", turn: killedTurn(id, 0) });
  await reply(id, 0);
  if (random(4) === 0) {
    conversation.append({ kind: "change", id, change: { user: `${id} version 1`, reply: "", status: "pending" } });
    await reply(id, 1);
  }
}
