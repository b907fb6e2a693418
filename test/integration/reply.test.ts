import assert from "node:assert/strict";
import * as vscode from "vscode";
import type { ChatState } from "../../src/messages/chatMessages.ts";
import { daylong } from "./daylong.ts";

describe("a reply", () => {
  it("comes from the engine process as it is written, with the demo model", async () => {
    const { controller } = await daylong().activate();
    await vscode.commands.executeCommand("daylong.useDemoModel");
    const messages: ChatState[] = [];
    const view = controller.attach((message) => messages.push(message));
    try {
      await controller.receive({ type: "ready" });
      await controller.receive({ type: "send", text: "Remember that the green cache is 47." });
      await controller.receive({ type: "send", text: "What is the green cache?" });
    } finally {
      view.dispose();
    }
    const last = controller.turns.at(-1);
    assert.equal(last?.status, "done");
    assert.match(last.reply, /47/);
    const about = messages.filter((message) => "id" in message && message.id === last.id);
    const end = about.findIndex((message) => message.type === "turnChanged" && message.change.status === "done");
    const streamed = about.slice(0, end).flatMap((message) => (message.type === "text" ? [message.text] : []));
    assert.equal(streamed.join("").trim(), last.reply.trim());
    const memory = messages.findLast((message) => message.type === "memory");
    assert.equal(memory?.counters.reprocessedTokens, 0);
    assert.ok(memory.counters.windowTokens > 0);
  });
});
