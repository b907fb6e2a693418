import assert from "node:assert/strict";
import { engineFault } from "../../src/engine/engineFault.ts";

/** Last lines of processes that ended, by what they mean to the user. */
const ends: Readonly<Record<string, readonly string[]>> = {
  "gpu-lost": [
    "SIGABRT\nterminate called after throwing an instance of 'vk::DeviceLostError'\n  what():  vk::Queue::submit: ErrorDeviceLost",
    "SIGABRT\nCUDA error: unspecified launch failure\n  current device: 0, in function ggml_backend_cuda_synchronize",
    "exit code 134\nggml_metal_graph_compute: error: command buffer 0 failed with status 5",
  ],
  "engine-missing": ["exit code 1\nError: Cannot find package 'node-llama-cpp' imported from dist/engine.mjs"],
  "engine-crashed": ["SIGSEGV", "exit code 3221225477", "SIGABRT\nGGML_ASSERT(n_tokens > 0) failed"],
};

describe("the end of an engine process", () => {
  for (const [code, details] of Object.entries(ends)) {
    it(`means ${code}`, () => {
      for (const detail of details) {
        const error = engineFault(detail);
        assert.deepEqual([error.code, error.detail], [code, detail]);
      }
    });
  }
});
