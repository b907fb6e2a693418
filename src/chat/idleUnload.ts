import type { Disposable } from "../base/disposable.ts";
import type { Engine } from "../engine/engine.ts";

export interface IdleUnloadOptions {
  readonly engine: Engine;
  /** Minutes without a sign of use; 0: never. Asked for anew each time. */
  readonly minutes: () => number;
  /** Whether a model is loaded and nothing runs on it. */
  readonly isIdle: () => boolean;
  readonly unload: () => Promise<void>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Gives the model's memory back to the machine when nobody has used it for a while. */
export class IdleUnload implements Disposable {
  private readonly subscriptions: Disposable[];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private usedAt: number;

  constructor(private readonly options: IdleUnloadOptions) {
    this.usedAt = options.now();
    const touch = (): void => this.touch();
    this.subscriptions = [options.engine.onDidEmit(touch), options.engine.onDidChangeStatus(touch)];
  }

  /** The model is being used, or is about to be. */
  touch(): void {
    this.usedAt = this.options.now();
    if (this.timer === undefined) this.arm();
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private arm(): void {
    this.timer = undefined;
    const { minutes, now, isIdle } = this.options;
    const limit = minutes() * 60_000;
    if (limit <= 0) return;
    const left = this.usedAt + limit - now();
    if (left > 0) {
      this.timer = setTimeout(() => this.arm(), left);
      // In a host that has nothing else to do this is no reason to stay.
      if (typeof this.timer === "object") this.timer.unref();
    } else if (isIdle()) void this.options.unload();
  }
}
