import { engineFault, isDeviceLost } from "./engineFault.ts";
import {
  CancellationTokenSource,
  ConnectionError,
  ResponseError,
  type RequestType,
  type RequestType0,
} from "vscode-jsonrpc";
import { Emitter } from "../base/disposable.ts";
import { DaylongError, fromErrorData, toErrorData, type ErrorData } from "../base/errors.ts";
import type {
  CacheState,
  DetourResult,
  Engine,
  EngineEvent,
  EngineStatus,
  GateVerdict,
  LoadedModel,
  LoadOptions,
  MessagePart,
  MessagePlan,
  RememberedTurn,
  RestoredFrom,
  RestoredState,
  ReplyOptions,
  StopSignal,
  TurnResult,
  UserMessage,
  WindowSpan,
} from "./engine.ts";
import { EngineProcess } from "./engineProcess.ts";
import { eventNotification, requests } from "./protocol.ts";
import { Watchdog } from "./watchdog.ts";

/** A model that crashes this often within {@link crashPeriod} is not started again by itself. */
const crashLimit = 4;
/** Milliseconds. */
const crashPeriod = 180_000;

export interface EngineClientOptions {
  readonly enginePath: string;
  readonly log: (line: string) => void;
  /** Milliseconds that a child may leave a request unanswered without a sign of life. */
  readonly patience?: number;
  /** Of every load that does not say otherwise. */
  readonly loadDefaults?: Omit<Partial<LoadOptions>, "modelPath">;
}

interface Child {
  readonly process: EngineProcess;
  readonly watchdog: Watchdog;
}

/** The engine as the extension host sees it: forks the process when it is needed, and again after a crash. */
export class EngineClient implements Engine {
  private readonly statusEmitter = new Emitter<EngineStatus>();
  private readonly eventEmitter = new Emitter<EngineEvent>();
  readonly onDidChangeStatus = this.statusEmitter.event;
  readonly onDidEmit = this.eventEmitter.event;
  private current: EngineStatus = { state: "idle" };
  private child: Child | undefined;
  private crash: DaylongError | undefined;
  private crashTimes: number[] = [];
  private disposed = false;

  constructor(private readonly options: EngineClientOptions) {}

  get status(): EngineStatus {
    return this.current;
  }

  /** Of the running engine process, if there is one. */
  get pid(): number | undefined {
    return this.child?.process.pid;
  }

  inspect(modelPath: string): Promise<GateVerdict> {
    return this.request(requests.inspect, { modelPath });
  }

  async load(options: LoadOptions): Promise<LoadedModel> {
    if (this.crashTimes.filter((time) => time > Date.now() - crashPeriod).length >= crashLimit) {
      this.crashTimes = [];
      throw new DaylongError(
        "engine-crashed",
        "The engine has stopped several times in a row with this model, so it was not started again. " +
          "Choose another model or a smaller window, or try once more.",
      );
    }
    this.setStatus({ state: "loading", fraction: 0 });
    try {
      const model = await this.request(requests.load, { ...this.options.loadDefaults, ...options });
      this.setStatus({ state: "ready", model });
      const { verdict, mode, reasons, selfTest, restoredFrom, windowSize, hardware } = model;
      this.options.log(
        `loaded: ${JSON.stringify({ name: verdict.name, mode, reasons, selfTest, restoredFrom, windowSize, hardware })}`,
      );
      return model;
    } catch (error) {
      if (this.current.state === "loading") this.setStatus({ state: "idle" });
      if (error instanceof DaylongError && error.code === "engine-crashed") {
        throw new DaylongError(
          error.code,
          "The engine stopped while it loaded this model. The file may be damaged, or the model too large for this " +
            "machine: try a smaller window, download it again, or choose another model.",
          error.detail,
        );
      }
      throw error;
    }
  }

  restore(turns: readonly RememberedTurn[]): Promise<RestoredState> {
    return this.request(requests.restore, { turns });
  }

  send(message: UserMessage, options: ReplyOptions, stop?: StopSignal): Promise<TurnResult> {
    return this.request(requests.send, { message, options }, stop);
  }

  regenerate(options: ReplyOptions, stop?: StopSignal): Promise<TurnResult> {
    return this.request(requests.regenerate, { options }, stop);
  }

  editLast(message: UserMessage, options: ReplyOptions, stop?: StopSignal): Promise<TurnResult> {
    return this.request(requests.editLast, { message, options }, stop);
  }

  continueReply(options: ReplyOptions, stop?: StopSignal): Promise<TurnResult> {
    return this.request(requests.continueReply, { options }, stop);
  }

  pin(turn: RememberedTurn): Promise<CacheState> {
    return this.request(requests.pin, { turn });
  }

  unpin(turnId: string): Promise<CacheState> {
    return this.request(requests.unpin, { turnId });
  }

  bringBack(turn: RememberedTurn): Promise<CacheState> {
    return this.request(requests.bringBack, { turn });
  }

  detour(id: string, prompt: string, options: ReplyOptions, stop?: StopSignal): Promise<DetourResult> {
    return this.request(requests.detour, { id, prompt, options }, stop);
  }

  planMessage(message: UserMessage): Promise<MessagePlan> {
    return this.request(requests.planMessage, { message });
  }

  evaluateAhead(turnId: string, parts: readonly MessagePart[]): Promise<CacheState> {
    return this.request(requests.evaluateAhead, { turnId, parts });
  }

  async changeInstructions(text: string): Promise<void> {
    await this.request(requests.changeInstructions, { text });
  }

  countTokens(text: string): Promise<number> {
    return this.request(requests.countTokens, { text });
  }

  cacheState(): Promise<CacheState> {
    return this.request0(requests.cacheState);
  }

  openConversation(snapshotPath: string | undefined): Promise<RestoredFrom> {
    return this.request(requests.openConversation, snapshotPath === undefined ? {} : { snapshotPath });
  }

  windowText(): Promise<readonly WindowSpan[]> {
    return this.request0(requests.windowText);
  }

  reset(): Promise<CacheState> {
    return this.request0(requests.reset);
  }

  /** The process goes with the model: whatever its libraries hold goes too. It writes its snapshot and ends by itself. */
  unload(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    child?.process.dispose();
    if (child !== undefined) this.setStatus({ state: "idle" });
    return Promise.resolve();
  }

  dispose(): void {
    this.disposed = true;
    this.child?.process.dispose();
    this.child = undefined;
    this.statusEmitter.dispose();
    this.eventEmitter.dispose();
  }

  private request0<R>(type: RequestType0<R, ErrorData>): Promise<R> {
    const { process, watchdog } = this.running();
    return this.translate(watchdog.watch(process.connection.sendRequest(type)));
  }

  private request<P, R>(type: RequestType<P, R, ErrorData>, params: P, stop?: StopSignal): Promise<R> {
    const { process, watchdog } = this.running();
    const source = new CancellationTokenSource();
    const cancel = (): void => source.cancel();
    if (stop?.aborted === true) cancel();
    stop?.addEventListener("abort", cancel);
    const answer = process.connection.sendRequest(type, params, source.token);
    return this.translate(watchdog.watch(answer)).finally(() => {
      stop?.removeEventListener("abort", cancel);
    });
  }

  /** Errors by their code; a connection that broke means that the process crashed. */
  private async translate<R>(response: Promise<R>): Promise<R> {
    const { child } = this;
    try {
      return await response;
    } catch (error) {
      if (error instanceof ResponseError && isErrorData(error.data)) throw this.answeredError(error.data);
      if (child !== this.child || error instanceof ConnectionError) {
        throw (
          this.crash ??
          new DaylongError(
            "engine-stopped",
            "The engine was stopped before it had answered.",
            toErrorData(error).detail,
          )
        );
      }
      throw fromErrorData(toErrorData(error));
    }
  }

  /** A child that has lost its graphics processor says so, but can do nothing any more: another one takes its place. */
  private answeredError(data: ErrorData): DaylongError {
    const { child } = this;
    if (data.code !== "internal" || child === undefined || !isDeviceLost(data.detail ?? data.message)) {
      return fromErrorData(data);
    }
    this.child = undefined;
    child.process.dispose();
    return this.crashed(engineFault(data.detail ?? data.message));
  }

  private crashed(error: DaylongError): DaylongError {
    this.crash = error;
    this.crashTimes.push(Date.now());
    this.setStatus({ state: "crashed", error: toErrorData(error), willRestart: false });
    return error;
  }

  private running(): Child {
    if (this.disposed) throw new DaylongError("engine-stopped", "The engine has been shut down.");
    if (this.child !== undefined) return this.child;
    const process = new EngineProcess({
      ...this.options,
      onDidCrash: (error) => {
        if (this.child?.process !== process) return;
        this.child = undefined;
        this.crashed(error);
      },
    });
    this.crash = undefined;
    this.child = { process, watchdog: new Watchdog(process, this.options.patience) };
    process.connection.onNotification(eventNotification, (event) => {
      if (event.type === "loading") this.setStatus({ state: "loading", fraction: event.fraction });
      this.eventEmitter.fire(event);
    });
    return this.child;
  }

  private setStatus(status: EngineStatus): void {
    this.current = status;
    this.statusEmitter.fire(status);
  }
}

function isErrorData(data: unknown): data is ErrorData {
  return typeof data === "object" && data !== null && "code" in data && "message" in data;
}
