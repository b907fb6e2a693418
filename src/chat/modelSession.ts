import { basename } from "node:path";
import type { Disposable } from "../base/disposable.ts";
import { DaylongError, toErrorData, type ErrorData } from "../base/errors.ts";
import type {
  Engine,
  EngineStatus,
  Hardware,
  LoadOptions,
  RememberedTurn,
  RestoredFrom,
  RestoredState,
} from "../engine/engine.ts";
import type { ErrorView, ModelView } from "../messages/chatMessages.ts";

/** Which model the conversation runs on. The demo model is part of the product and has no path in the settings. */
export type ModelChoice =
  { readonly kind: "none" } | { readonly kind: "demo" } | { readonly kind: "file"; readonly path: string };

export interface ModelSessionOptions {
  readonly engine: Engine;
  readonly demoModelPath: string;
  /** Everything but the path, asked for at each load. */
  readonly loadOptions: () => Omit<LoadOptions, "modelPath">;
  readonly errorView: (error: ErrorData) => ErrorView;
  readonly onDidChange: (model: ModelView) => void;
  /** The engine is about to get an empty cache. */
  readonly onWillLoad: () => void;
  /** Where the model's memory came from; the transcript is brought in next. */
  readonly onDidLoad: (restoredFrom: RestoredFrom) => void;
  readonly onDidRestore: (restored: RestoredState) => void;
}

/** Window of the demo model, in tokens: what it was trained at. */
const demoContextSize = 512;

/** Keeps the chosen model loaded: lazily, once, and again after a crash, with the newest turns brought back. */
export class ModelSession implements Disposable {
  private choice: ModelChoice = { kind: "none" };
  private current: ModelView = { state: "none" };
  private running: Promise<void> | undefined;
  /** Counts choices, so that a load that was overtaken by another choice does not call itself the present one. */
  private choices = 0;
  /** The choice that the engine holds; undefined after a crash. */
  private loadedChoice: number | undefined;
  /** What the model was loaded with, but for the snapshot: another conversation has another one. */
  private loadedWith = "";
  /** Whether the engine holds this conversation; false when another one was opened. */
  private knowsConversation = false;
  /** Counts conversations, so that a load that was overtaken by another one does not pass for that one's. */
  private conversations = 0;
  private readonly subscriptions: Disposable[];

  constructor(private readonly options: ModelSessionOptions) {
    const { engine } = options;
    this.subscriptions = [
      engine.onDidChangeStatus((status) => this.follow(status)),
      engine.onDidEmit((event) => {
        if (event.type === "loading") this.showLoading(event.fraction);
      }),
    ];
  }

  get view(): ModelView {
    return this.current;
  }

  /** Whether the engine holds this conversation. */
  get isLoaded(): boolean {
    return this.loadedChoice === this.choices && this.knowsConversation;
  }

  /** Whether the engine is being given the model or the conversation. */
  get isPreparing(): boolean {
    return this.running !== undefined;
  }

  /** Whether this is the present choice already, and nothing went wrong with it. */
  isChosen(choice: ModelChoice): boolean {
    if (this.current.state === "failed") return false;
    if (choice.kind === "file") return this.choice.kind === "file" && this.choice.path === choice.path;
    return this.choice.kind === choice.kind;
  }

  choose(choice: ModelChoice): void {
    this.choice = choice;
    this.choices += 1;
    this.show(
      choice.kind === "none" ? { state: "none" } : { state: "unloaded", name: this.name, toy: choice.kind === "demo" },
    );
  }

  /** The next message gives the engine the conversation anew; the model stays loaded. */
  forgetConversation(): void {
    this.knowsConversation = false;
    this.conversations += 1;
  }

  /** Frees the model's memory; the next message loads it again, from its snapshot. Nothing may be running. */
  async unload(): Promise<void> {
    this.loadedChoice = undefined;
    await this.options.engine.unload();
    this.show({ state: "unloaded", name: this.name, toy: this.isToy });
  }

  /** Looks whether the settings still are those that the model was loaded with. */
  compareSettings(): void {
    if (this.current.state !== "ready") return;
    const outdated = this.loadedWith !== this.comparable();
    if (outdated !== this.current.outdated) this.show({ ...this.current, outdated });
  }

  /** The next message loads the model anew. */
  invalidate(): void {
    this.loadedChoice = undefined;
  }

  /**
   * Makes sure that the chosen model is loaded and knows `turns` (as many of the newest as fit).
   * Errors: `no-model`, and those of {@link Engine.load}.
   */
  async ensure(turns: () => readonly RememberedTurn[]): Promise<void> {
    while (!this.isLoaded) {
      this.running ??= this.load(turns).finally(() => {
        this.running = undefined;
      });
      await this.running;
    }
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private get isToy(): boolean {
    return this.choice.kind === "demo";
  }

  private get path(): string | undefined {
    if (this.choice.kind === "none") return undefined;
    return this.choice.kind === "demo" ? this.options.demoModelPath : this.choice.path;
  }

  private get name(): string {
    return basename(this.path ?? "").replace(/\.gguf$/i, "");
  }

  /** What the demo model does not leave to the settings. */
  private get fixedOptions(): Partial<LoadOptions> {
    return this.isToy ? { contextSize: demoContextSize, gpu: false } : {};
  }

  private comparable(): string {
    const options: Partial<LoadOptions> = { ...this.options.loadOptions(), ...this.fixedOptions };
    return JSON.stringify(
      Object.entries(options)
        .filter(([name]) => name !== "snapshotPath")
        .sort(),
    );
  }

  private async load(turns: () => readonly RememberedTurn[]): Promise<void> {
    const modelPath = this.path;
    if (modelPath === undefined) {
      throw new DaylongError("no-model", "No model is chosen yet. Choose a model, or try the demo model.");
    }
    const choice = this.choices;
    const conversation = this.conversations;
    const { engine } = this.options;
    this.options.onWillLoad();
    try {
      const loadOptions = this.options.loadOptions();
      let fromSnapshot = false;
      const { snapshotPath } = loadOptions;
      const wanted = this.comparable();
      if (this.loadedChoice === choice && this.loadedWith === wanted) {
        const restoredFrom = await engine.openConversation(snapshotPath);
        fromSnapshot = restoredFrom === "snapshot";
        this.options.onDidLoad(restoredFrom);
      } else {
        this.show({ state: "loading", name: this.name, toy: this.isToy, fraction: 0 });
        const { restoredFrom } = await engine.load({ ...loadOptions, ...this.fixedOptions, modelPath });
        fromSnapshot = restoredFrom === "snapshot";
        this.loadedWith = wanted;
        this.compareSettings();
        this.options.onDidLoad(restoredFrom);
      }
      // What a snapshot brought back is held against the transcript: only what it lacks is evaluated.
      const known = turns();
      const restored: RestoredState =
        fromSnapshot || known.length > 0 ? await engine.restore(known) : await engine.cacheState();
      if (choice !== this.choices) return;
      this.loadedChoice = choice;
      if (conversation !== this.conversations) return;
      this.knowsConversation = true;
      this.options.onDidRestore(restored);
    } catch (error) {
      if (choice !== this.choices) return;
      if (this.current.state !== "crashed") {
        this.show({ state: "failed", name: this.name, error: this.options.errorView(toErrorData(error)) });
      }
      throw error;
    }
  }

  private follow(status: EngineStatus): void {
    switch (status.state) {
      case "idle":
        return;
      case "loading":
        this.showLoading(status.fraction);
        return;
      case "ready": {
        const { verdict, hardware, mode, reasons } = status.model;
        this.show({
          state: "ready",
          name: this.isToy ? this.name : verdict.name || this.name,
          toy: this.isToy,
          gpu: gpuText(hardware),
          ...(hardware.gpuFallback === undefined ? {} : { gpuFallback: hardware.gpuFallback }),
          mode,
          reasons,
          outdated: false,
        });
        return;
      }
      case "crashed":
        this.loadedChoice = undefined;
        this.show({
          state: "crashed",
          name: this.name,
          error: this.options.errorView(status.error),
          willRestart: status.willRestart,
        });
    }
  }

  private showLoading(fraction: number): void {
    if (this.choice.kind === "none") return;
    this.show({ state: "loading", name: this.name, toy: this.isToy, fraction });
  }

  private show(model: ModelView): void {
    this.current = model;
    this.options.onDidChange(model);
  }
}

/** `CUDA`, or `CUDA 20/29` where only some of the layers are there. */
function gpuText({ gpu, gpuLayers, totalLayers }: Hardware): string {
  return gpuLayers === 0 || gpuLayers >= totalLayers ? gpu : `${gpu} ${gpuLayers}/${totalLayers}`;
}
