import { availableParallelism } from "node:os";
import type { Llama, LlamaContext, LlamaModel } from "node-llama-cpp";
import { DaylongError, toErrorData } from "../../base/errors.ts";
import type { GateVerdict, Hardware, LoadOptions } from "../engine.ts";
import { contextMemory } from "./contextMemory.ts";
import { readTopology } from "./cpuTopology.ts";
import { nodeLlamaLibrary, type EngineLibrary } from "./engineLibrary.ts";
import { attemptsFor, fallbackAfter, gpuName, type Attempt, type Backend } from "./gpuAttempts.ts";
import { loadError, nativePartError } from "./loadError.ts";
import { chooseThreads } from "./threadChoice.ts";
import { chooseWindow } from "./windowChoice.ts";

/** Tokens. A smaller window is not worth offering. */
const leastOffer = 512;
/** Tokens of a window that layers on the GPU leave room for, where none is asked for. */
const fittedWindow = 8_192;

export interface LoadedRuntime {
  readonly model: LlamaModel;
  readonly context: LlamaContext;
  readonly hardware: Hardware;
}

type ValueCache = NonNullable<LoadOptions["valueCache"]>;

/** The engine library, loaded once for each kind of hardware. */
export class LlamaRuntime {
  private readonly instances = new Map<Backend, Promise<Llama>>();

  constructor(
    private readonly log: (line: string) => void,
    private readonly library: EngineLibrary = nodeLlamaLibrary,
  ) {}

  /**
   * Loads the model on the best hardware that takes it: a GPU that fails or has too little memory is given up for the
   * next, and at last for the CPU, and `hardware` says so.
   * @throws DaylongError `platform-unsupported`, `model-load-failed`, `out-of-memory`
   */
  async load(
    options: LoadOptions,
    verdict: GateVerdict,
    onProgress: (fraction: number) => void,
  ): Promise<LoadedRuntime> {
    let gpuFallback: Hardware["gpuFallback"];
    for (const attempt of await this.attempts(options.gpu)) {
      try {
        return await this.loadOn(attempt, options, verdict, gpuFallback, onProgress);
      } catch (error) {
        const failure = loadError(error);
        const fallback = fallbackAfter(attempt, failure.code);
        if (fallback === undefined) throw failure;
        this.log(`${fallback.gpu} is given up: ${toErrorData(failure).detail ?? failure.message}`);
        gpuFallback ??= fallback;
      }
    }
    throw nativePartError("the library names no backend");
  }

  /**
   * Begins to load the library's native part. On Linux it is tried out in a process of its own first, and this one waits:
   * time enough for the gate to look at the file.
   */
  warmUp(gpu: LoadOptions["gpu"]): void {
    void this.attempts(gpu)
      .then(([first]) => first && this.instance(first.backend))
      .catch(() => undefined); // told by the load that follows
  }

  private async attempts(gpu: LoadOptions["gpu"]): Promise<readonly Attempt[]> {
    // Only Apple Silicon has to be asked what its CPU is called.
    if (gpu === false && process.platform !== "darwin") return attemptsFor(false, [false]);
    const supported = await this.library.supported().catch((error: unknown): readonly Backend[] => {
      this.log(`the search for GPUs failed: ${String(error)}`);
      return [false];
    });
    return attemptsFor(gpu, supported);
  }

  async dispose(): Promise<void> {
    const instances = await Promise.allSettled(this.instances.values());
    this.instances.clear();
    for (const instance of instances) if (instance.status === "fulfilled") await instance.value.dispose();
  }

  private async loadOn(
    attempt: Attempt,
    options: LoadOptions,
    verdict: GateVerdict,
    gpuFallback: Hardware["gpuFallback"],
    onProgress: (fraction: number) => void,
  ): Promise<LoadedRuntime> {
    const llama = await this.instance(attempt.backend).catch((error: unknown) => {
      this.instances.delete(attempt.backend); // the next load may find it repaired
      throw error;
    });
    const trained = verdict.trainedContext > 0 ? verdict.trainedContext : fittedWindow;
    const contextSize = Math.min(options.contextSize ?? fittedWindow, trained);
    const model = await llama.loadModel({
      modelPath: options.modelPath,
      gpuLayers: attempt.offload ? { fitContext: { contextSize } } : 0,
      onLoadProgress: onProgress,
    });
    try {
      const { context, valueCache } = await this.createContext(model, options, verdict, llama);
      const gpu = gpuName(attempt, model.gpuLayers);
      const hardware: Hardware = {
        gpu,
        gpuLayers: model.gpuLayers,
        totalLayers: model.fileInsights.totalLayers,
        threads: context.idealThreads,
        valueCache,
        flashAttention: context.flashAttention,
        // No layer fitted: that is the CPU too, without an error to tell of it.
        ...(gpuFallback === undefined && attempt.offload && gpu === "CPU"
          ? { gpuFallback: { gpu: gpuName(attempt, 1), reason: "out-of-memory" } }
          : gpu === "CPU" && gpuFallback !== undefined
            ? { gpuFallback }
            : {}),
      };
      return { model, context, hardware };
    } catch (error) {
      await model.dispose();
      throw error;
    }
  }

  private instance(backend: Backend): Promise<Llama> {
    const known = this.instances.get(backend);
    if (known !== undefined) return known;
    const instance = this.library.open(backend, this.log).catch((error: unknown) => {
      throw nativePartError(error);
    });
    this.instances.set(backend, instance);
    return instance;
  }

  private async createContext(
    model: LlamaModel,
    options: LoadOptions,
    verdict: GateVerdict,
    llama: Llama,
  ): Promise<{ context: LlamaContext; valueCache: ValueCache }> {
    const size = await this.windowFor(model, options, verdict);
    const create = (contextSize: number, valueCache: ValueCache): Promise<LlamaContext> =>
      model.createContext({
        contextSize,
        sequences: 1,
        threads: options.threads ?? threadsFor(llama),
        // Beyond their sliding window such models run in recompute mode: only the full cache can lose its tail correctly.
        swaFullCache: verdict.mode === "recompute" && contextSize > (verdict.maxStreamWindow ?? 0),
        // Without flash attention llama.cpp stores values transposed, which 8-bit blocks cannot be.
        ...(valueCache === "q8_0" ? { experimentalKvCacheValueType: "Q8_0", flashAttention: true } : {}),
        failedCreationRemedy: false,
      });
    const wanted = options.valueCache ?? "f16";
    try {
      return { context: await create(size, wanted), valueCache: wanted };
    } catch (error) {
      const failure = loadError(error);
      if (failure.code === "out-of-memory") throw await this.offerSmaller(model, size, verdict, failure);
      if (wanted === "f16") throw failure;
      this.log(`values in 8 bits are given up: ${failure.detail ?? ""}`);
      return { context: await create(size, "f16"), valueCache: "f16" };
    }
  }

  private async windowFor(model: LlamaModel, options: LoadOptions, verdict: GateVerdict): Promise<number> {
    const trained = model.trainContextSize;
    if (options.contextSize !== undefined) {
      return trained > 0 ? Math.min(options.contextSize, Math.max(trained, 256)) : options.contextSize;
    }
    const { ram, vram } = await contextMemory(model, verdict.fileBytes, options.valueCache);
    return chooseWindow({
      trained,
      maxStreamWindow: verdict.maxStreamWindow,
      onGpu: model.gpuLayers >= model.fileInsights.totalLayers,
      memory: vram === undefined ? [ram] : [ram, vram],
    });
  }

  /** A window that would take at most half of the memory that is free now, in words. */
  private async offerSmaller(
    model: LlamaModel,
    size: number,
    verdict: GateVerdict,
    failure: DaylongError,
  ): Promise<DaylongError> {
    const { ram, vram } = await contextMemory(model, verdict.fileBytes, undefined);
    const { free, base, perToken } = vram ?? ram;
    const most = perToken > 0 ? (free / 2 - base) / perToken : 0;
    const offered = Math.floor(Math.min(most, size / 2) / 256) * 256;
    if (offered < leastOffer) return failure;
    return new DaylongError(
      "out-of-memory",
      `There is not enough free memory for a window of ${size} tokens with this model. A window of ${offered} tokens ` +
        "fits: set daylong.model.contextSize to it, or close other programs.",
      failure.detail,
    );
  }
}

function threadsFor(llama: Llama): number {
  return chooseThreads(readTopology(process.platform, availableParallelism(), llama.cpuMathCores));
}
