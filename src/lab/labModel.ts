import { DaylongError } from "../base/errors.ts";
import type { GateVerdict } from "../engine/engine.ts";
import { LlamaRuntime, type LoadedRuntime } from "../engine/worker/llamaRuntime.ts";
import { inspectModel } from "../engine/worker/modelGate.ts";
import { LabCells } from "./labCells.ts";

/** How keys are kept. The product keeps 16 bits; 8 are for measuring what that is good for. */
export type KeyType = "f16" | "q8_0";

export interface CellOptions {
  /** Cells, of which the library keeps one free. It rounds up to a multiple of 256. */
  readonly contextSize: number;
  readonly keys?: KeyType;
}

/** One for all models, never disposed: the library's native log goes to the standard output from the first disposal on. */
const runtime = new LlamaRuntime(() => undefined);

type OpenContext = LoadedRuntime["context"];

/** A model as the engine loads it, for measurements: each gets cells of its own. */
export class LabModel {
  private contexts: OpenContext[] = [];

  private constructor(
    readonly path: string,
    readonly verdict: GateVerdict,
    private readonly loaded: LoadedRuntime,
    private readonly threads: number | undefined,
  ) {}

  /**
   * @param threads undefined: as the engine chooses for this machine
   * @throws DaylongError what the gate and the engine throw: `model-unsupported`, `model-load-failed`, …
   */
  static async open(path: string, threads?: number): Promise<LabModel> {
    const verdict = await inspectModel(path);
    if (verdict.mode === "refuse") throw new DaylongError("model-unsupported", verdict.reasons.join(" "));
    const options = { modelPath: path, contextSize: 256, systemPrompt: "", gpu: false as const };
    const loaded = await runtime.load(
      { ...options, ...(threads === undefined ? {} : { threads }) },
      verdict,
      () => undefined,
    );
    return new LabModel(path, verdict, loaded, threads);
  }

  /** The library's model: its vocabulary and what it says of itself. */
  get model(): LoadedRuntime["model"] {
    return this.loaded.model;
  }

  /** Tokens that the model was trained at; 0: not known. */
  get trainedContext(): number {
    return this.verdict.trainedContext;
  }

  /** llama.cpp faults on a shift of 8-bit keys unless the heads are whole blocks of 64. */
  get canQuantizeKeys(): boolean {
    return this.verdict.headDim > 0 && this.verdict.headDim % 64 === 0;
  }

  /** The token that opens every text of this model, if it wants one. */
  get beginning(): number | undefined {
    const { bos, shouldPrependBosToken } = this.model.tokens;
    return shouldPrependBosToken && bos !== null ? bos : undefined;
  }

  /** Empty cells. @throws DaylongError `model-unsupported` for keys in which this model cannot have them */
  async cells({ contextSize, keys = "f16" }: CellOptions): Promise<LabCells> {
    if (keys === "q8_0" && !this.canQuantizeKeys) {
      throw new DaylongError(
        "model-unsupported",
        `Keys in 8 bits need heads of a multiple of 64 numbers; this model's have ${this.verdict.headDim}.`,
      );
    }
    const context = await this.model.createContext({
      contextSize,
      sequences: 1,
      threads: this.threads ?? this.loaded.context.idealThreads,
      ...(keys === "q8_0" ? { experimentalKvCacheKeyType: "Q8_0" as const } : {}),
      // As the engine has it: only beyond their sliding window do such models need all cells.
      swaFullCache: this.verdict.mode === "recompute" && contextSize > (this.verdict.maxStreamWindow ?? 0),
      failedCreationRemedy: false,
    });
    this.contexts.push(context);
    return new LabCells(context, async () => {
      this.contexts = this.contexts.filter((open) => open !== context);
      await context.dispose();
    });
  }

  async dispose(): Promise<void> {
    for (const context of this.contexts) await context.dispose();
    this.contexts = [];
    await this.loaded.context.dispose();
    await this.model.dispose();
  }
}
