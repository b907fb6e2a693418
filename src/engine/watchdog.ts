/** Milliseconds between two looks, at most. */
const longestPeriod = 5_000;
/** Milliseconds without an answer after which the child is taken for hung: native work runs beside its event loop. */
const patience = 45_000;

export interface WatchedChild {
  /** Resolves when the child's event loop has turned; rejects when it is gone. */
  ping(): Promise<unknown>;
  kill(): void;
}

/**
 * Watches a child while it owes an answer. A chat template that loops for ever blocks its event loop, and no request would
 * ever be answered: such a child is ended, which is reported like a crash.
 */
export class Watchdog {
  private readonly period: number;
  private owed = 0;
  private lastAnswer = 0;
  private lastLook = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly child: WatchedChild,
    private readonly limit = patience,
    private readonly now: () => number = Date.now,
  ) {
    this.period = Math.min(longestPeriod, limit / 4);
  }

  async watch<T>(answer: Promise<T>): Promise<T> {
    if (this.owed++ === 0) this.start();
    try {
      return await answer;
    } finally {
      if (--this.owed === 0) clearInterval(this.timer);
    }
  }

  private start(): void {
    this.lastAnswer = this.lastLook = this.now();
    this.timer = setInterval(() => this.look(), this.period);
    this.timer.unref();
  }

  private look(): void {
    const now = this.now();
    // The machine slept, or this process was held up: the time in between says nothing about the child.
    if (now - this.lastLook > 3 * this.period) this.lastAnswer = now;
    this.lastLook = now;
    if (now - this.lastAnswer > this.limit) {
      clearInterval(this.timer);
      this.child.kill();
      return;
    }
    this.child.ping().then(
      () => (this.lastAnswer = this.now()),
      () => undefined, // the child is gone, which is told by its exit
    );
  }
}
