import type { EngineProcess } from "./engineProcess.ts";
import { requests } from "./protocol.ts";

/** Milliseconds between two looks. */
const period = 5_000;
/** Milliseconds without an answer after which the child is taken for hung: native work runs beside its event loop. */
const patience = 45_000;

/**
 * Watches a child while it owes an answer. A chat template that loops for ever blocks its event loop, and no request would
 * ever be answered: such a child is ended, which is reported like a crash.
 */
export class Watchdog {
  private owed = 0;
  private lastAnswer = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly process: EngineProcess,
    private readonly limit = patience,
  ) {}

  async watch<T>(answer: Promise<T>): Promise<T> {
    if (this.owed++ === 0) this.start();
    try {
      return await answer;
    } finally {
      if (--this.owed === 0) clearInterval(this.timer);
    }
  }

  private start(): void {
    this.lastAnswer = Date.now();
    this.timer = setInterval(() => this.look(), Math.min(period, this.limit / 4));
    this.timer.unref();
  }

  private look(): void {
    if (Date.now() - this.lastAnswer > this.limit) {
      clearInterval(this.timer);
      this.process.kill();
      return;
    }
    this.process.connection.sendRequest(requests.ping).then(
      () => (this.lastAnswer = Date.now()),
      () => undefined, // the child is gone, which is told by its exit
    );
  }
}
