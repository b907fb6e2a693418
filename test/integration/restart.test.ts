import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import { daylong } from "./daylong.ts";

describe("the storage of a window", () => {
  it("holds the conversation, and brings it back from disk with the model's memory", async () => {
    const { controller, keeper } = await daylong().activate();
    await vscode.commands.executeCommand("daylong.useDemoModel");
    await controller.startNew();
    await controller.receive({ type: "send", text: "Remember that the blue table is 81." });
    const [first] = controller.turns;
    assert.equal(first?.status, "done");
    const folder = join(keeper.snapshotPath ?? "", "..");
    await controller.startNew();
    assert.equal(controller.turns.length, 0);

    const journal = readFileSync(join(folder, "journal.jsonl"), "utf8");
    assert.ok(journal.includes("Remember that the blue table is 81."));
    const workspace = vscode.workspace.workspaceFile ?? vscode.workspace.workspaceFolders?.[0]?.uri;
    assert.ok(journal.includes(JSON.stringify(workspace?.toString() ?? "")));
    const stored = (await keeper.store.list()).find(({ title }) => title.includes("blue table"));
    assert.ok(stored !== undefined);
    await keeper.switchTo(stored.id);
    assert.deepEqual(controller.turns, [{ ...first, remembered: true }]);
    await controller.receive({ type: "send", text: "What is the blue table?" });
    assert.match(controller.turns[1]?.reply ?? "", /81/);

    const { conversations } = await keeper.diskUse();
    assert.ok(conversations >= 1);
    await controller.startNew();
    assert.deepEqual((await keeper.deleteOthers()).kept, 0);
    assert.equal(existsSync(folder), false);
  });
});
