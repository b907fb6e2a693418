import assert from "node:assert/strict";
import * as vscode from "vscode";
import { daylong } from "./daylong.ts";

describe("measuring a model", () => {
  after(() => vscode.commands.executeCommand("workbench.action.closeAllEditors"));

  it("runs the lab beside the chat and shows what it finds in an editor tab", async function () {
    // It has a low priority: whatever else this machine does comes first.
    this.timeout(180_000);
    const { measurements, controller } = await daylong().activate();
    await vscode.commands.executeCommand("daylong.useDemoModel");
    // As little as the experiment can do.
    const run = measurements.measure(["ppl", "--quick", "--window", "256", "--tokens", "640", "--every", "64"]);
    await vscode.commands.executeCommand("daylong.measureModel");
    await controller.receive({ type: "send", text: "What is the green cache?" });
    assert.equal(controller.turns.at(-1)?.status, "done", "the chat goes on meanwhile");
    await run;
    const html = measurements.html ?? "";
    assert.deepEqual(tabs(), ["Measurements of tiny-chat.q8_0"], "a second run is none");
    assert.match(statusOf(html), /^Measured on /);
    assert.ok(/<h2>Perplexity by policy[^]*<svg [^]*<table>/.test(html), "tables and pictures");
  });

  it("shows the last report again, and a run that is stopped says so", async () => {
    const { measurements } = await daylong().activate();
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    assert.equal(measurements.html, undefined);
    await vscode.commands.executeCommand("daylong.measureModel");
    assert.match(statusOf(measurements.html), /^Measured on /);
    const run = measurements.measure(["ppl"]);
    await vscode.commands.executeCommand("daylong.stopMeasuring");
    await run;
    assert.match(statusOf(measurements.html), /^Stopped on /);
  });
});

function statusOf(html: string | undefined): string {
  return /role="status"><strong>([^<]*)</.exec(html ?? "")?.[1] ?? "";
}

function tabs(): string[] {
  return vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter(({ input }) => input instanceof vscode.TabInputWebview)
    .map(({ label }) => label);
}
