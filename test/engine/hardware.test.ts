import assert from "node:assert/strict";
import { InsufficientMemoryError, type Llama } from "node-llama-cpp";
import { DaylongError } from "../../src/base/errors.ts";
import type { LoadedModel, TurnResult } from "../../src/engine/engine.ts";
import { nodeLlamaLibrary, type EngineLibrary } from "../../src/engine/worker/engineLibrary.ts";
import type { Backend } from "../../src/engine/worker/gpuAttempts.ts";
import { LlamaEngine } from "../../src/engine/worker/llamaEngine.ts";
import { demoModel } from "../fixtures/engine/paths.ts";

const load = { modelPath: demoModel, contextSize: 512, systemPrompt: "Be brief.", threads: 1 };

/** The real library, with GPUs in front of the CPU that fail in a way of their own. */
function withGpus(gpus: Partial<Record<Exclude<Backend, false>, () => Promise<Llama>>>): {
  library: EngineLibrary;
  opened: Backend[];
} {
  const opened: Backend[] = [];
  const library: EngineLibrary = {
    supported: () => Promise.resolve([...(Object.keys(gpus) as Backend[]), false]),
    open: (backend, log) => {
      opened.push(backend);
      const gpu = backend === false ? undefined : gpus[backend];
      return gpu === undefined ? nodeLlamaLibrary.open(backend, log) : gpu();
    },
  };
  return { library, opened };
}

function failing(error: Error): () => Promise<Llama> {
  return () => Promise.resolve({ loadModel: () => Promise.reject(error) } as unknown as Llama);
}

async function loadWith(
  library: EngineLibrary,
  gpu: "auto" | false = "auto",
): Promise<{ model: LoadedModel; log: string }> {
  const lines: string[] = [];
  const engine = new LlamaEngine((line) => lines.push(line), library);
  try {
    const model = await engine.load({ ...load, gpu });
    const parts = [{ id: "a.text", kind: "text" as const, text: "What is the green cache?" }];
    await engine.send({ turnId: "a", parts }, { sampling: { temperature: 0, maxTokens: 5 } });
    return { model, log: lines.join("\n") };
  } finally {
    await engine.close();
  }
}

describe("hardware", function () {
  this.timeout(60_000);

  it("a GPU with too little memory is given up for the CPU, which is said", async () => {
    const { library } = withGpus({ cuda: failing(new InsufficientMemoryError("no room")) });
    const { model, log } = await loadWith(library);
    assert.equal(model.hardware.gpu, "CPU");
    assert.deepEqual(model.hardware.gpuFallback, { gpu: "CUDA", reason: "out-of-memory" });
    assert.match(log, /CUDA is given up.*no room/s);
  });

  it("a GPU whose part is missing or broken is given up for the next, and the best one is named", async () => {
    const missing = (): Promise<Llama> => Promise.reject(new Error("no binary"));
    const { library, opened } = withGpus({ cuda: missing, vulkan: failing(new Error("device lost")) });
    const { model } = await loadWith(library);
    assert.deepEqual(opened, ["cuda", "vulkan", false]);
    assert.deepEqual(model.hardware.gpuFallback, { gpu: "CUDA", reason: "unavailable" });
  });

  it("a machine without a GPU, and one whose GPU is not wanted, have nothing to say", async () => {
    const { library, opened } = withGpus({ cuda: failing(new Error("not wanted")) });
    for (const [lib, gpu] of [
      [nodeLlamaLibrary, false],
      [library, false],
    ] as const) {
      const { model } = await loadWith(lib, gpu);
      assert.equal(model.hardware.gpuFallback, undefined);
      assert.deepEqual([model.hardware.gpu, model.hardware.gpuLayers, model.hardware.totalLayers], ["CPU", 0, 5]);
    }
    assert.deepEqual(opened, [false]);
  });

  it("a search for GPUs that fails leaves the CPU", async () => {
    const { library } = withGpus({});
    const { model, log } = await loadWith({ ...library, supported: () => Promise.reject(new Error("no drivers")) });
    assert.equal(model.hardware.gpu, "CPU");
    assert.match(log, /no drivers/);
  });

  it("when the CPU fails too, its own failure is told", async () => {
    const { library } = withGpus({ cuda: failing(new Error("device lost")) });
    const broken: EngineLibrary = { ...library, open: () => Promise.reject(new Error("no binary")) };
    const engine = new LlamaEngine(() => undefined, broken);
    await assert.rejects(
      engine.load({ ...load, gpu: "auto" }),
      (error) => error instanceof DaylongError && error.code === "platform-unsupported",
    );
  });

  it("values in 8 bits: the model streams over many windows, and passes the self-test", async () => {
    const engine = new LlamaEngine(() => undefined);
    try {
      const model = await engine.load({ ...load, gpu: false, valueCache: "q8_0" });
      assert.deepEqual([model.hardware.valueCache, model.mode], ["q8_0", "stream"]);
      assert.ok(model.selfTest?.passed, JSON.stringify(model.selfTest));
      assert.equal(engine.opened.runtime.context.flashAttention, true);
      const say = async (turnId: string, text: string): Promise<TurnResult> =>
        engine.send(
          { turnId, parts: [{ id: `${turnId}.text`, kind: "text", text }] },
          { sampling: { temperature: 0, maxTokens: 40 } },
        );
      for (let turn = 0; turn < 30; turn++) await say(`${turn}`, "Write a function to sort a table.");
      await say("fact", "Remember that the green cache is 47.");
      const { text, cache } = await say("question", "What is the green cache?");
      assert.match(text, /47/);
      assert.ok(cache.counters.shifts >= 3);
      assert.equal(cache.counters.reprocessedTokens, 0);
    } finally {
      await engine.close();
    }
  });

  it("without a wish the window is as large as the model was trained at, and threads leave the editor a core", async () => {
    const engine = new LlamaEngine(() => undefined);
    try {
      const { modelPath, systemPrompt } = load;
      const model = await engine.load({ modelPath, systemPrompt, gpu: false });
      assert.equal(model.windowSize, 512);
      assert.ok(model.hardware.threads >= 1);
    } finally {
      await engine.close();
    }
  });
});
