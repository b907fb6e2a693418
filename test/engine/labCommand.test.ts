import assert from "node:assert/strict";
import { fork, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "mocha";
import type { LabMessage } from "../../src/lab/labMessage.ts";
import type { LabResult } from "../../src/lab/labResult.ts";
import { folders } from "../rig/folders.ts";

const lab = path.join(folders.root, "dist", "lab.mjs");
/** As little as an experiment can do. */
const small = ["ppl", "--quick", "--window", "256", "--tokens", "640", "--every", "16"];

describe("the lab on the command line", () => {
  let folder = "";

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "daylong-lab-"));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(process.execPath, [lab, ...args], { cwd: folder, encoding: "utf8", timeout: 60_000 });
  }

  it("ends with the code of a wrong call, and in words", () => {
    const { status, stdout, stderr } = run("ppl", "--fast");
    assert.deepEqual([status, stdout], [64, ""]);
    assert.match(stderr, /^daylong: Unknown option '--fast'.*--help.* \[usage\]\n$/);
  });

  it("prints tables, keeps JSON and pictures, and says what it was called with", () => {
    const json = path.join(folder, "copy.json");
    const { status, stdout, stderr } = run(...small, "--out", folder, "--json", json);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^policy +perplexity +over re-computation/m);
    assert.doesNotMatch(stdout, /[{}]/, "JSON is in files only");
    const text = readFileSync(path.join(folder, "ppl.json"), "utf8");
    assert.equal(readFileSync(json, "utf8"), text);
    const result = JSON.parse(text) as LabResult;
    const [name, ...flags] = result.command.split(" --").slice(1);
    assert.deepEqual([name, ...flags.sort()], [" ppl", "every 16", "quick", "tokens 640", "window 256"]);
    for (const { name } of result.plots) {
      assert.match(readFileSync(path.join(folder, `ppl-${name}.svg`), "utf8"), /^<svg /);
    }
  });

  it("tells whoever forked it how far it is, and ends between two pieces of work when the channel closes", async () => {
    const whole = await forked(small, () => undefined);
    assert.equal(whole.code, 0, whole.output);
    assert.deepEqual(whole.messages[0], {
      type: "plan",
      experiments: [{ name: "ppl", title: "Perplexity by policy over the length of a text (A)" }],
    });
    const fractions = whole.messages.flatMap((message) => (message.type === "progress" ? [message.fraction] : []));
    assert.ok(fractions.length >= 2 && fractions.every((fraction) => fraction >= 0 && fraction <= 1));
    assert.deepEqual(whole.messages.at(-1), {
      type: "result",
      experiment: "ppl",
      file: path.join(folder, "forked", "ppl.json"),
    });

    rmSync(path.join(folder, "forked"), { recursive: true });
    const cut = await forked(small, (child, message) => {
      if (message.type === "progress" && message.fraction > 0) child.disconnect();
    });
    assert.equal(cut.code, 130, cut.output);
    assert.match(cut.output, /cancelled/);
    assert.ok(!existsSync(path.join(folder, "forked", "ppl.json")));
  });

  it("reports a model that it cannot run, and goes on with the next experiment", async () => {
    const { code, messages, output } = await forked(["any", "--quick", "--model", lab], () => undefined);
    assert.equal(code, 2);
    const [plan, ...rest] = messages;
    assert.ok(plan?.type === "plan");
    const failed = rest.flatMap((message) => (message.type === "failed" ? [message] : []));
    if (plan.experiments.length === 1) assert.match(output, /\[model-not-gguf\]/);
    else
      assert.deepEqual(
        failed.map(({ experiment }) => experiment),
        plan.experiments.map(({ name }) => name),
      );
    for (const { error } of failed) assert.equal(error.code, "model-not-gguf");
  });

  async function forked(
    args: readonly string[],
    onMessage: (child: ChildProcess, message: LabMessage) => void,
  ): Promise<{ code: number | null; messages: LabMessage[]; output: string }> {
    const child = fork(lab, [...args, "--out", path.join(folder, "forked")], {
      cwd: folder,
      silent: true,
      execArgv: [],
    });
    const messages: LabMessage[] = [];
    let output = "";
    child.stderr?.on("data", (data: Buffer) => (output += data.toString()));
    child.stdout?.resume();
    child.on("message", (message) => {
      messages.push(message as LabMessage);
      if (child.connected) onMessage(child, message as LabMessage);
    });
    const code = await new Promise<number | null>((resolve) => child.once("exit", (status) => resolve(status)));
    return { code, messages, output };
  }
});
