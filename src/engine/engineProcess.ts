import { fork, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { createMessageConnection, type MessageConnection } from "vscode-jsonrpc";
import { IPCMessageReader, IPCMessageWriter } from "vscode-jsonrpc/node.js";
import { ChildOutput } from "../base/childOutput.ts";
import type { Disposable } from "../base/disposable.ts";
import { DaylongError } from "../base/errors.ts";
import { engineFault } from "./engineFault.ts";
import { requests } from "./protocol.ts";

/** Time for the child to write its last snapshot and end by itself once its channel is closed, in milliseconds. */
const exitGrace = 35_000;

export interface EngineProcessOptions {
  /** The bundled engine, dist/engine.mjs. */
  readonly enginePath: string;
  readonly log: (line: string) => void;
  /** The process is gone without having been asked to. Called once. */
  readonly onDidCrash: (error: DaylongError) => void;
}

/**
 * The forked engine process. llama.cpp aborts or faults on some models and files; in the extension host that would end
 * every extension of the user, here it ends the child alone.
 */
export class EngineProcess implements Disposable {
  readonly connection: MessageConnection;
  private readonly child: ChildProcess;
  private readonly output: ChildOutput;
  private ended = false;

  /** @throws DaylongError `engine-missing` */
  constructor(private readonly options: EngineProcessOptions) {
    const { enginePath } = options;
    if (!existsSync(enginePath)) {
      throw new DaylongError(
        "engine-missing",
        "Daylong's engine is missing from this installation. Install the extension again.",
        enginePath,
      );
    }
    this.output = new ChildOutput("engine", options.log);
    this.child = fork(enginePath, [], {
      // In VS Code, the executable is Electron: this makes it behave as plain Node.
      env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
      execArgv: [],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.child.stdout?.on("data", (data: Buffer) => this.output.note(data.toString("utf8")));
    this.child.stderr?.on("data", (data: Buffer) => this.output.note(data.toString("utf8")));
    this.child.once("error", (error) => this.end(`it could not be started: ${error.message}`));
    this.child.once("exit", (code, signal) => this.end(signal === null ? `exit code ${String(code)}` : signal));
    this.connection = createMessageConnection(new IPCMessageReader(this.child), new IPCMessageWriter(this.child));
    this.connection.onError(([error]) => options.log(`engine connection: ${error.message}`));
    this.connection.listen();
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Resolves when the child's event loop has turned. */
  ping(): Promise<unknown> {
    return this.connection.sendRequest(requests.ping);
  }

  /** Ends a child that does not answer any more; reported as a crash. */
  kill(): void {
    this.child.kill("SIGKILL");
  }

  /** Closes the channel: the child finishes what must be finished and ends by itself, or is ended after a grace. */
  dispose(): void {
    if (this.ended) return;
    this.ended = true;
    this.connection.dispose();
    if (this.child.connected) this.child.disconnect();
    const timer = setTimeout(() => this.child.kill("SIGKILL"), exitGrace);
    timer.unref();
    this.child.once("exit", () => clearTimeout(timer));
    this.child.unref();
  }

  private end(how: string): void {
    if (this.ended) return;
    this.ended = true;
    // Closing the connection does not reject pending requests, disposing it does.
    this.connection.dispose();
    this.options.log(`engine process ended: ${how}`);
    const detail = this.output.report(how);
    this.options.onDidCrash(engineFault(detail));
  }
}
