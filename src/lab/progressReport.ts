import type { ErrorData } from "../base/errors.ts";
import { Cancelled } from "./cancelled.ts";
import type { LabMessage } from "./labMessage.ts";

/** Experiments tell each small piece of work; more often than this, in milliseconds, nobody wants to know. */
const shownMs = 100;
/** Without a terminal, one line in this time, in milliseconds. */
const quietMs = 30_000;

/** Says how far it is: to whoever forked this process, to a terminal (one line, written anew), or now and then to a log. */
export class ProgressReport {
  private cancelled = false;
  private lineIsOpen = false;
  private shownAt = 0;
  private toldAt = 0;
  private readonly startedAt = performance.now();

  /** From now on the next piece of work is not begun any more. */
  cancel(): void {
    this.cancelled = true;
  }

  /** @param fraction 0 … 1 of the experiment. @throws Cancelled */
  async tell(experiment: string, fraction: number, what: string): Promise<void> {
    if (fraction > 0 && performance.now() - this.shownAt < shownMs) return;
    this.shownAt = performance.now();
    // Signals and the end of the channel are only heard when the event loop turns.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.cancelled) throw new Cancelled();
    this.send({ type: "progress", experiment, fraction, what });
    const line = `${experiment} ${(100 * fraction).toFixed(0).padStart(3)} %  ${what}`;
    if (process.stderr.isTTY) {
      process.stderr.write(`\r${line.slice(0, Math.max(20, process.stderr.columns - 1))}\u001b[K`);
      this.lineIsOpen = true;
    } else if (process.send === undefined && performance.now() - this.toldAt > quietMs) {
      const seconds = ((performance.now() - this.startedAt) / 1000).toFixed(0);
      process.stderr.write(`${seconds.padStart(6)} s  ${line}\n`);
      this.toldAt = performance.now();
    }
  }

  planned(experiments: Extract<LabMessage, { type: "plan" }>["experiments"]): void {
    this.send({ type: "plan", experiments });
  }

  found(experiment: string, file: string): void {
    this.endLine();
    this.send({ type: "result", experiment, file });
  }

  failed(experiment: string, error: ErrorData): void {
    this.endLine();
    process.stderr.write(`${experiment}: ${error.message} [${error.code}]\n`);
    this.send({ type: "failed", experiment, error });
  }

  endLine(): void {
    if (this.lineIsOpen) process.stderr.write("\r\u001b[K");
    this.lineIsOpen = false;
  }

  private send(message: LabMessage): void {
    // A channel that is just closing takes no more: its end is told by an event of its own.
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
  }
}
