import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DaylongError } from "../../src/base/errors.ts";
import { LlamaEngine } from "../../src/engine/worker/llamaEngine.ts";
import { generateGguf } from "../fixtures/generateGguf.ts";

describe("a window that does not fit into memory", () => {
  it("is refused in words that name one that fits, and that one loads", async function () {
    this.timeout(60_000);
    const folder = mkdtempSync(join(tmpdir(), "daylong-memory-"));
    const modelPath = join(folder, "model.gguf");
    generateGguf(modelPath, { context: 1_000_000_000, layers: 8, width: 512 });
    const engine = new LlamaEngine(() => {});
    const load = { modelPath, systemPrompt: "Be brief.", gpu: false as const, threads: 1 };
    try {
      let offered = 0;
      await assert.rejects(engine.load({ ...load, contextSize: 40_000_000 }), (error) => {
        assert.ok(error instanceof DaylongError);
        assert.equal(error.code, "out-of-memory");
        offered = Number(/A window of (\d+) tokens fits/.exec(error.message)?.[1]);
        return offered >= 512;
      });
      // The offer may be gigabytes; a small part of it shows that the engine goes on after the refusal.
      const loaded = await engine.load({ ...load, contextSize: Math.min(offered, 2048) });
      assert.ok(loaded.windowSize <= offered);
    } finally {
      engine.dispose();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
