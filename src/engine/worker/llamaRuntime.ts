import { availableParallelism, freemem } from "node:os";
import {
  getLlama,
  InsufficientMemoryError,
  LlamaLogLevel,
  type Llama,
  type LlamaContext,
  type LlamaModel,
} from "node-llama-cpp";
import { DaylongError } from "../../base/errors.ts";
import type { GateVerdict, LoadOptions } from "../engine.ts";

/** Window chosen when none is asked for: the largest that the model was trained at, up to this many tokens. */
const comfortableContext = 8192;

/** Tokens. A smaller window is not worth offering. */
const leastOffer = 512;

export interface LoadedRuntime {
  readonly model: LlamaModel;
  readonly context: LlamaContext;
}

/** The engine library, loaded once for each kind of hardware. */
export class LlamaRuntime {
  private readonly instances = new Map<LoadOptions["gpu"], Promise<Llama>>();

  constructor(private readonly log: (line: string) => void) {}

  /** @throws DaylongError `platform-unsupported`, `model-load-failed`, `out-of-memory` */
  async load(
    options: LoadOptions,
    verdict: GateVerdict,
    onProgress: (fraction: number) => void,
  ): Promise<LoadedRuntime> {
    const llama = await this.instance(options.gpu);
    const model = await this.loadModel(llama, options, onProgress);
    try {
      return { model, context: await this.createContext(model, options, verdict) };
    } catch (error) {
      await model.dispose();
      throw error;
    }
  }

  async dispose(): Promise<void> {
    for (const instance of this.instances.values()) await (await instance).dispose();
    this.instances.clear();
  }

  private instance(gpu: LoadOptions["gpu"]): Promise<Llama> {
    const known = this.instances.get(gpu);
    if (known !== undefined) return known;
    const instance = getLlama({
      gpu,
      build: "never",
      skipDownload: true,
      progressLogs: false,
      logLevel: LlamaLogLevel.warn,
      logger: (level, message) => this.log(`${level}: ${message.trimEnd()}`),
    }).catch((error: unknown) => {
      this.instances.delete(gpu);
      throw new DaylongError(
        "platform-unsupported",
        `Daylong's engine cannot run on this machine (${process.platform} ${process.arch}): its native part is missing ` +
          "or was built for another one. Install the extension for this platform.",
        describe(error),
      );
    });
    this.instances.set(gpu, instance);
    return instance;
  }

  private async loadModel(
    llama: Llama,
    options: LoadOptions,
    onProgress: (fraction: number) => void,
  ): Promise<LlamaModel> {
    try {
      return await llama.loadModel({
        modelPath: options.modelPath,
        ...(options.gpu === false ? { gpuLayers: 0 } : {}),
        onLoadProgress: onProgress,
      });
    } catch (error) {
      throw this.loadError(error);
    }
  }

  private async createContext(model: LlamaModel, options: LoadOptions, verdict: GateVerdict): Promise<LlamaContext> {
    const trained = model.trainContextSize > 0 ? model.trainContextSize : comfortableContext;
    const largest = verdict.maxStreamWindow ?? comfortableContext;
    const asked = options.contextSize ?? Math.min(trained, largest);
    const size = Math.min(asked, Math.max(trained, 256));
    const create = (contextSize: number): Promise<LlamaContext> =>
      model.createContext({
        contextSize,
        sequences: 1,
        threads: options.threads ?? defaultThreads(),
        // Beyond their sliding window such models run in recompute mode: only the full cache can lose its tail correctly.
        swaFullCache: verdict.mode === "recompute" && contextSize > (verdict.maxStreamWindow ?? 0),
        failedCreationRemedy: false,
      });
    try {
      return await create(size);
    } catch (error) {
      const failure = this.loadError(error);
      throw failure.code === "out-of-memory" ? await this.offerSmaller(model, size, failure) : failure;
    }
  }

  /** A window that would take at most half of the memory that is free now, in words. */
  private async offerSmaller(model: LlamaModel, size: number, failure: DaylongError): Promise<DaylongError> {
    const onGpu = model.gpuLayers > 0;
    const free = onGpu ? (await model.llama.getVramState()).free : freemem();
    const estimate = async (contextSize: number): Promise<number> => {
      const needs = await model.fileInsights.estimateContextResourceRequirementsV2({
        contextSize,
        modelGpuLayers: model.gpuLayers,
      });
      return onGpu ? needs.gpuVram : needs.cpuRam;
    };
    // Memory grows with the window in a straight line.
    const base = await estimate(leastOffer);
    const perToken = ((await estimate(2 * leastOffer)) - base) / leastOffer;
    const most = perToken > 0 ? leastOffer + (free / 2 - base) / perToken : 0;
    const offered = Math.floor(Math.min(most, size / 2) / 256) * 256;
    if (offered < leastOffer) return failure;
    return new DaylongError(
      "out-of-memory",
      `There is not enough free memory for a window of ${size} tokens with this model. A window of ${offered} tokens ` +
        "fits: set daylong.model.contextSize to it, or close other programs.",
      failure.detail,
    );
  }

  private loadError(error: unknown): DaylongError {
    const detail = describe(error);
    if (
      error instanceof InsufficientMemoryError ||
      /out of memory|insufficient memory|too large for the available/i.test(detail)
    ) {
      return new DaylongError(
        "out-of-memory",
        "There is not enough free memory for this model and window. Choose a smaller window (daylong.model.contextSize), " +
          "a smaller model, or close other programs.",
        detail,
      );
    }
    return new DaylongError(
      "model-load-failed",
      "This model could not be loaded. The file may be damaged, or of a kind that the engine does not know yet. " +
        "Try to download it again, or choose another model.",
      detail,
    );
  }
}

/**
 * One core is left to the editor. Threads of one decode wait for each other by spinning, so a thread that shares its
 * core with anything else slows all of them down by up to a hundred times (docs/measurements.md).
 */
function defaultThreads(): number {
  return Math.max(1, availableParallelism() - 1);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
