import assert from "node:assert/strict";
import { getLlama, LlamaLogLevel, type Llama } from "node-llama-cpp";
import { families, measureFamily } from "../fixtures/engine/familyShift.ts";
import { temporaryFolder } from "../fixtures/gguf/temporaryFolder.ts";

describe("the paper's model families: a shift against a fresh evaluation", () => {
  const path = temporaryFolder();
  let llama: Llama;
  before(async () => {
    llama = await getLlama({ gpu: false, build: "never", skipDownload: true, logLevel: LlamaLogLevel.error });
  });
  after(() => llama.dispose());

  for (const family of families) {
    it(`${family.name} (${family.positions})`, async () => {
      const { verdict, selfTest, shifts, control, evaluatedAgain } = await measureFamily(
        llama,
        family,
        path("model.gguf"),
      );
      assert.equal(verdict.mode, "stream");
      assert(selfTest.passed);
      assert.equal(evaluatedAgain, 0);
      assert.equal(shifts.length, 4);
      for (const { divergence, apart, sameBest } of shifts) {
        assert(divergence < 1e-4, `divergence ${divergence}`);
        assert(apart < 0.01, `apart ${apart}`);
        assert.equal(sameBest, 1);
      }
      const worst = Math.max(...shifts.map(({ divergence }) => divergence));
      assert(control.divergence > 100 * worst, `what was erased made a difference: ${control.divergence}, ${worst}`);
    });
  }
});
