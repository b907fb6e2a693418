import { DaylongError } from "../base/errors.ts";
import type { ReplyRun } from "./replyRun.ts";

interface Waiting {
  readonly run: (reply: ReplyRun | undefined) => Promise<void>;
  readonly reject: (error: Error) => void;
}

/** Detours that were asked for while a reply runs: each gets its turn between two tokens. */
export class DetourQueue {
  private waiting: Waiting[] = [];

  add<T>(work: (reply: ReplyRun | undefined) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = async (reply: ReplyRun | undefined): Promise<void> => {
        try {
          resolve(await work(reply));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      this.waiting.push({ run, reject });
    });
  }

  /** @param reply the reply that stands still meanwhile */
  async runAll(reply: ReplyRun | undefined): Promise<void> {
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) await next.run(reply);
  }

  /** The operation that they waited for has failed: nobody will run them. */
  rejectAll(): void {
    for (const { reject } of this.waiting.splice(0)) {
      reject(
        new DaylongError(
          "engine-stopped",
          "The question was given up because the engine stopped working on the reply.",
        ),
      );
    }
  }
}
