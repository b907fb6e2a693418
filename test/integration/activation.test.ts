import assert from "node:assert/strict";
import * as vscode from "vscode";
import { daylong } from "./daylong.ts";

interface Manifest {
  readonly contributes: { readonly commands: readonly { readonly command: string }[] };
}

describe("activation", () => {
  it("opens the chat view", async () => {
    await vscode.commands.executeCommand("daylong.openChat");
    assert.equal(daylong().isActive, true);
  });

  it("registers the declared commands and no others", async () => {
    await daylong().activate();
    const manifest = daylong().packageJSON as Manifest;
    const declared = manifest.contributes.commands.map(({ command }) => command);
    const known = await vscode.commands.getCommands(true);
    // The workbench itself adds commands for the view and its container.
    const registered = known.filter((id) => id.startsWith("daylong.") && !id.startsWith("daylong.chat."));
    assert.deepEqual(registered.sort(), declared.sort());
  });
});
