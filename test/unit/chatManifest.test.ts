import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { withoutVscode } from "../fixtures/withoutVscode.ts";

const root = path.resolve(import.meta.dirname, "../..");

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string }[];
    readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly menus: Readonly<Record<string, readonly { readonly command: string }[]>>;
    readonly keybindings: readonly { readonly command: string }[];
    readonly configuration: { readonly properties: Readonly<Record<string, { readonly default: unknown }>> };
  };
}

describe("the manifest and the code", () => {
  const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as Manifest;
  const { contributes } = manifest;

  before(() => withoutVscode());

  it("declare the same commands", async () => {
    const { commandIds } = await import("../../src/commands.ts");
    assert.deepEqual(contributes.commands.map(({ command }) => command).sort(), [...commandIds].sort());
  });

  it("use no command in menus and keys that is not declared", () => {
    const declared = new Set(contributes.commands.map(({ command }) => command));
    const used = [...Object.values(contributes.menus).flat(), ...contributes.keybindings];
    assert.deepEqual(
      used.map(({ command }) => command).filter((command) => !declared.has(command)),
      [],
    );
  });

  it("name the same view", async () => {
    const { chatViewId } = await import("../../src/commands.ts");
    assert.deepEqual(
      Object.values(contributes.views)
        .flat()
        .map(({ id }) => id),
      [chatViewId],
    );
  });

  it("declare the same settings with the same defaults", async () => {
    const { settingDefaults } = await import("../../src/config.ts");
    const declared = Object.entries(contributes.configuration.properties).map(([name, setting]) => [
      name,
      setting.default,
    ]);
    const known = Object.entries(settingDefaults).map(([name, value]) => [`daylong.${name}`, value]);
    assert.deepEqual(Object.fromEntries(declared), Object.fromEntries(known));
  });
});
