import { spawn, type ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";
import { endProcessGroup, ownProcessGroup } from "./processGroup.ts";

/** A server and what it said so far. Stopping it leaves nothing behind. */
export class ServerProcess {
  readonly exited: Promise<number>;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  #output = "";
  #ended = false;

  constructor(command: string, args: readonly string[], environment: NodeJS.ProcessEnv) {
    this.#child = spawn(command, args, {
      env: environment,
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32",
    });
    ownProcessGroup(this.#child);
    this.exited = new Promise((resolve) => {
      const end = (code: number): void => {
        this.#ended = true;
        resolve(code);
      };
      this.#child.once("error", (error) => {
        this.#output += error.message;
        end(-1);
      });
      this.#child.once("exit", (code) => end(code ?? -1));
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => {
        this.#output += text;
      });
    }
  }

  get id(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`The server could not be started: ${this.#output}`);
    return pid;
  }

  /** Everything written to standard output and standard error so far. */
  get output(): string {
    return this.#output;
  }

  /** Waits until the output matches. Rejects when the process ends first or the time (ms) is over. */
  async waitForOutput(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const match = pattern.exec(this.#output);
      if (match !== null) return match;
      if (this.#ended) throw new Error(`The server ended before it was ready:\n${this.#output}`);
      if (Date.now() > deadline) throw new Error(`The server was not ready after ${timeoutMs} ms:\n${this.#output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async stop(): Promise<void> {
    await endProcessGroup(this.#child);
  }
}
