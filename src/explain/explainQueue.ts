import type { StopSignal } from "../engine/engine.ts";

interface Waiting {
  readonly begin: () => void;
  readonly onMove: (ahead: number) => void;
}

/** One piece of work after the other, in the order of asking. Each can be given up while it waits. */
export class ExplainQueue {
  private readonly waiting: Waiting[] = [];
  private running = false;

  /**
   * Runs the work when its turn has come. Undefined: it was given up before that.
   *
   * @param onMove how many are before it, one more time whenever that changes
   */
  async run<T>(work: () => Promise<T>, onMove: (ahead: number) => void, stop: StopSignal): Promise<T | undefined> {
    if (stop.aborted) return undefined;
    if (this.running && !(await this.wait(onMove, stop))) return undefined;
    this.running = true;
    try {
      return await work();
    } finally {
      this.running = false;
      this.waiting.shift()?.begin();
      this.tellAll();
    }
  }

  private wait(onMove: (ahead: number) => void, stop: StopSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const giveUp = (): void => {
        this.waiting.splice(this.waiting.indexOf(entry), 1);
        resolve(false);
        this.tellAll();
      };
      const begin = (): void => {
        stop.removeEventListener("abort", giveUp);
        // Taken here, not when the waiting work goes on: another one may be added in between.
        this.running = true;
        resolve(true);
      };
      const entry: Waiting = { begin, onMove };
      this.waiting.push(entry);
      stop.addEventListener("abort", giveUp);
      onMove(this.waiting.length);
    });
  }

  private tellAll(): void {
    for (const [index, { onMove }] of this.waiting.entries()) onMove(index + 1);
  }
}
