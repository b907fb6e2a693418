import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { DaylongError } from "../../src/base/errors.ts";
import type { LoadOptions } from "../../src/engine/engine.ts";
import { EngineClient } from "../../src/engine/engineClient.ts";
import { demoModel, engineBundle } from "../fixtures/engine/paths.ts";
import { generateGguf } from "../fixtures/generateGguf.ts";
import { bundleEngine } from "../fixtures/gguf/engineBundle.ts";
import { layOutWithout } from "../fixtures/gguf/incompleteInstallation.ts";
import { temporaryFolder } from "../fixtures/gguf/temporaryFolder.ts";

async function loadError(enginePath: string, options: Partial<LoadOptions> = {}): Promise<DaylongError> {
  const client = new EngineClient({ enginePath, log: () => undefined });
  try {
    await client.load({ modelPath: demoModel, systemPrompt: "Be brief.", gpu: false, threads: 1, ...options });
  } catch (error) {
    assert(error instanceof DaylongError, String(error));
    assert.doesNotMatch(error.message, /undefined|\n\s+at /);
    return error;
  } finally {
    client.dispose();
  }
  return assert.fail("it loaded");
}

describe("hard machines, in the forked engine", function () {
  this.timeout(120_000);
  const path = temporaryFolder();

  it("too little memory for the window asked for: a smaller one is offered", async () => {
    // 32 kB a token, 64 million tokens: two terabytes.
    const model = { layers: 32, width: 256, heads: 2, keyValueHeads: 2, feedForward: 64, context: 1 << 27 };
    generateGguf(path("model.gguf"), model);
    const error = await loadError(bundleEngine(), { modelPath: path("model.gguf"), contextSize: 1 << 26 });
    assert.equal(error.code, "out-of-memory");
    const offered = /window of (\d+) tokens fits/.exec(error.message)?.[1];
    assert(Number(offered) >= 512 && Number(offered) < 1 << 26, error.message);
  });

  for (const native of ["missing", "damaged"] as const) {
    it(`a ${native} native part: says so, and what to do`, async () => {
      const error = await loadError(layOutWithout(path(native), native));
      assert.equal(error.code, "platform-unsupported", error.detail);
      assert.match(error.message, /Install/);
    });
  }

  it("a disk that takes nothing: the model works all the same, without snapshots", async () => {
    writeFileSync(path("file"), "");
    const log: string[] = [];
    const client = new EngineClient({ enginePath: engineBundle, log: (line) => log.push(line) });
    try {
      const snapshotPath = path("file/conversation/snapshot");
      const options = {
        modelPath: demoModel,
        systemPrompt: "Be brief.",
        gpu: false as const,
        threads: 1,
        snapshotPath,
      };
      assert.equal((await client.load(options)).restoredFrom, "none");
      assert.ok(log.some((line) => line.includes("no snapshots")));
      assert.equal(await client.openConversation(snapshotPath), "none");
    } finally {
      client.dispose();
    }
  });

  it("no engine at all: says so", async () => {
    assert.equal((await loadError(path("nothing.mjs"))).code, "engine-missing");
  });

  it("a graphics processor that goes away, told on the last lines: the next message can start anew", async () => {
    writeFileSync(path("lost.mjs"), `console.error("vk::Queue::submit: ErrorDeviceLost"); process.abort();`);
    const error = await loadError(path("lost.mjs"));
    assert.equal(error.code, "gpu-lost");
    assert.match(error.message, /conversation is safe.*daylong\.model\.gpu/);
  });

  for (const signal of ["SIGILL", "SIGSEGV", "SIGABRT"]) {
    it(`a processor that the native part was not built for, or any fault in it (${signal}): the parent lives`, async () => {
      writeFileSync(path("fault.mjs"), `process.kill(process.pid, "${signal}");`);
      const error = await loadError(path("fault.mjs"));
      assert.equal(error.code, "engine-crashed");
      assert.match(error.detail ?? "", new RegExp(process.platform === "win32" ? "exit code" : signal));
    });
  }
});
