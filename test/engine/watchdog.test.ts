import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DaylongError } from "../../src/base/errors.ts";
import { EngineClient } from "../../src/engine/engineClient.ts";
import { generateGguf } from "../fixtures/generateGguf.ts";
import { text } from "../fixtures/gguf/writeGguf.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

describe("watchdog", () => {
  it("ends an engine that a chat template keeps busy for ever, and the next model loads", async function () {
    this.timeout(60_000);
    const folder = mkdtempSync(join(tmpdir(), "daylong-watchdog-"));
    const modelPath = join(folder, "model.gguf");
    const endless =
      "{% for a in range(100000) %}{% for b in range(100000) %}{% set c = a * b %}{% endfor %}{% endfor %}";
    generateGguf(modelPath, { metadata: { "tokenizer.chat_template": text(endless) } });
    const engine = new EngineClient({
      enginePath: join(root, "dist/engine.mjs"),
      log: () => undefined,
      patience: 4_000,
    });
    const load = { contextSize: 512, systemPrompt: "Be brief.", gpu: false as const, threads: 1 };
    try {
      await assert.rejects(
        engine.load({ ...load, modelPath }),
        (error) =>
          error instanceof DaylongError && error.code === "engine-crashed" && /while it loaded/.test(error.message),
      );
      const demo = join(root, "media/demo/tiny-chat.q8_0.gguf");
      assert.equal((await engine.load({ ...load, modelPath: demo })).mode, "stream");
    } finally {
      engine.dispose();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
