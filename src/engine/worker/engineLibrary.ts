import { getLlama, getLlamaGpuTypes, LlamaLogLevel, type Llama } from "node-llama-cpp";
import type { Backend } from "./gpuAttempts.ts";

/** The engine library, as far as it decides what hardware is used; tests put their own in its place. */
export interface EngineLibrary {
  /** Backends that this machine has drivers for, best first, the CPU last. */
  supported(): Promise<readonly Backend[]>;
  /** Loads one backend. @throws where its binary is missing or does not run here */
  open(backend: Backend, log: (line: string) => void): Promise<Llama>;
}

export const nodeLlamaLibrary: EngineLibrary = {
  supported: () => getLlamaGpuTypes("supported"),
  open: (backend, log) =>
    getLlama({
      gpu: backend,
      build: "never",
      skipDownload: true,
      progressLogs: false,
      logLevel: LlamaLogLevel.warn,
      logger: (level, message) => log(`${level}: ${message.trimEnd()}`),
    }),
};
