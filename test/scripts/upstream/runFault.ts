import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getLlama, LlamaLogLevel, type LlamaModel } from "node-llama-cpp";
import { generateGguf, type FixtureModel } from "../../fixtures/generateGguf.ts";

export interface FaultSetting {
  readonly folder: string;
  readonly load: (model: Partial<FixtureModel>) => Promise<LlamaModel>;
}

/** Runs one demonstration with random-weight models made for it in a temporary folder. */
export async function runFault(demonstrate: (setting: FaultSetting) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "daylong-upstream-"));
  const llama = await getLlama({ gpu: false, build: "never", skipDownload: true, logLevel: LlamaLogLevel.error });
  try {
    let count = 0;
    await demonstrate({
      folder,
      load: (model) => {
        const path = join(folder, `model${count++}.gguf`);
        generateGguf(path, model);
        return llama.loadModel({ modelPath: path, gpuLayers: 0 });
      },
    });
  } finally {
    await llama.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}
