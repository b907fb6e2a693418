import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { openWorkbench, type OpenWorkbench } from "../rig/openWorkbench.ts";
import { packageExtension } from "../rig/packageExtension.ts";

/** What ships is not what one works with: other bundles, and only the packages that are listed. */
describe("the packed extension, installed", function () {
  this.timeout(180_000);
  let workbench: OpenWorkbench;
  let packed: { readonly files: readonly string[]; readonly notices: string };
  // Inside the working tree a package that was left out would be found in its node_modules.
  const dataFolder = mkdtempSync(path.join(os.tmpdir(), "daylong-"));

  before(async () => {
    const { vsix, stage, files } = await packageExtension();
    packed = { files, notices: readFileSync(path.join(stage, "THIRD-PARTY-NOTICES.txt"), "utf8") };
    workbench = await openWorkbench({ extension: { vsix }, openChat: true, dataFolder });
    await workbench.chat.waitUntilShown();
  });

  after(async () => {
    // Undefined when `before` has failed; the failure to be seen is that one.
    await (workbench as OpenWorkbench | undefined)?.close();
    rmSync(dataFolder, { recursive: true, force: true, maxRetries: 5 });
  });

  it("answers with the demo model", async () => {
    const { chat } = workbench;
    await chat.send("Remember that the green cache is 47.");
    assert.equal(await chat.waitForReply(1), "done");
    await chat.send("What is the green cache?");
    assert.equal(await chat.waitForReply(2), "done");
    assert.match(await chat.turn(2).innerText(), /47/);
  });

  it("names the licenses of what is in its bundles", () => {
    assert.ok(packed.files.includes("THIRD-PARTY-NOTICES.txt"));
    assert.ok(!packed.files.some((file) => file.endsWith("bundled.json")));
    for (const name of ["preact", "marked", "dompurify", "echarts", "zod", "vscode-jsonrpc", "@vscode/codicons"]) {
      assert.match(packed.notices, new RegExp(`^${name} \\d+\\.`, "m"));
    }
    assert.match(packed.notices, /Apache License/);
  });

  it("measures a model with the text that comes with it", () => {
    const installed = readdirSync(dataFolder, { recursive: true, encoding: "utf8" });
    const lab = installed.find((file) => file.endsWith(path.join("dist", "lab.mjs")));
    assert.ok(lab !== undefined, "lab.mjs is not installed");
    const args = [path.join(dataFolder, lab), "ppl", "--quick", "--window", "256", "--tokens", "640", "--every", "64"];
    const { status, stdout, stderr } = spawnSync(process.execPath, [...args, "--out", path.join(dataFolder, "lab")], {
      cwd: dataFolder,
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /640 tokens of the program text of the engine library/);
  });
});
