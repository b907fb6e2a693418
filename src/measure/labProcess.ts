import { fork, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { ChildOutput } from "../base/childOutput.ts";
import { DaylongError } from "../base/errors.ts";
import type { LabMessage } from "../lab/labMessage.ts";

/** Time for the child to end by itself once it was asked to, in milliseconds: a large model's piece of work takes long. */
const exitGrace = 5_000;
/** Time for messages of a child that has ended, in milliseconds. */
const lastWords = 1_000;
/** Exit codes of a lab that has come to its end: what could not be measured was told one by one. */
const toldCodes = [0, 2, 64];

export interface LabProcessOptions {
  /** The bundled lab, dist/lab.mjs. */
  readonly labPath: string;
  /** What it is called with. */
  readonly args: readonly string[];
  readonly onMessage: (message: LabMessage) => void;
  readonly log: (line: string) => void;
}

/** The forked lab. A model that brings llama.cpp down ends the child alone. */
export class LabProcess {
  /** Whether it came to its end, or was cancelled. Rejects with DaylongError `measure-crashed`. */
  readonly ended: Promise<"finished" | "cancelled">;
  private readonly child: ChildProcess;
  private readonly output: ChildOutput;
  private cancelled = false;

  /** @throws DaylongError `engine-missing` */
  constructor(private readonly options: LabProcessOptions) {
    const { labPath, args } = options;
    if (!existsSync(labPath)) throw missing(labPath);
    this.output = new ChildOutput("measurement", options.log);
    this.child = fork(labPath, args, {
      // In VS Code, the executable is Electron: this makes it behave as plain Node.
      env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
      execArgv: [],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.lowerPriority();
    this.child.stdout?.resume();
    this.child.stderr?.on("data", (data: Buffer) => this.output.note(data.toString("utf8")));
    this.child.on("message", (message) => {
      const known = labMessage(message);
      if (known !== undefined && !this.cancelled) options.onMessage(known);
    });
    this.ended = new Promise((resolve, reject) => {
      this.child.once("error", (error) => reject(this.crashed(error.message)));
      // Not "close": a grandchild of a driver may hold the pipes open for ever.
      this.child.once("exit", (code, signal) => {
        this.whenHeard(() => {
          if (this.cancelled) resolve("cancelled");
          else if (code !== null && toldCodes.includes(code)) resolve("finished");
          else reject(this.crashed(signal ?? `exit code ${String(code)}`));
        });
      });
    });
    // Whoever waits hears of it; a child that is let go must not be an unhandled rejection.
    this.ended.catch(() => undefined);
  }

  /** The child ends between two pieces of work, or is ended after a grace. */
  cancel(): void {
    if (this.cancelled) return;
    this.cancelled = true;
    if (this.child.connected) this.child.disconnect();
    const timer = setTimeout(() => this.child.kill("SIGKILL"), exitGrace);
    timer.unref();
    this.child.once("exit", () => clearTimeout(timer));
  }

  /** Its last words may still be on their way when it has ended. */
  private whenHeard(then: () => void): void {
    if (!this.child.connected) {
      then();
      return;
    }
    const timer = setTimeout(then, lastWords);
    this.child.once("disconnect", () => {
      clearTimeout(timer);
      then();
    });
  }

  /** Whatever the user does meanwhile comes first. */
  private lowerPriority(): void {
    try {
      if (this.child.pid !== undefined) setPriority(this.child.pid, constants.priority.PRIORITY_LOW);
    } catch (error) {
      this.options.log(`the measurement's priority could not be lowered: ${String(error)}`);
    }
  }

  private crashed(how: string): DaylongError {
    const detail = this.output.report(how);
    if (/Cannot find (package|module)/.test(detail)) return missing(detail);
    return new DaylongError(
      "measure-crashed",
      "The measurement ended unexpectedly: this model may be more than this machine, or the engine library, can take. " +
        "The chat is not affected, and what was found until then is kept; the log says more.",
      detail,
    );
  }
}

function missing(detail: string): DaylongError {
  return new DaylongError(
    "engine-missing",
    "A part of Daylong is missing from this installation. Install the extension again.",
    detail,
  );
}

/** Undefined: nothing that the lab says. */
function labMessage(message: unknown): LabMessage | undefined {
  const types: readonly unknown[] = ["plan", "progress", "result", "failed"] satisfies LabMessage["type"][];
  const isKnown = typeof message === "object" && message !== null && "type" in message && types.includes(message.type);
  return isKnown ? (message as LabMessage) : undefined;
}
