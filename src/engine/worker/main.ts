import { constants, getPriority, setPriority } from "node:os";
import { createMessageConnection, ResponseError, type CancellationToken, type RequestType } from "vscode-jsonrpc";
import { IPCMessageReader, IPCMessageWriter } from "vscode-jsonrpc/node.js";
import { toErrorData, type ErrorData } from "../../base/errors.ts";
import type { StopSignal } from "../engine.ts";
import { eventNotification, requests } from "../protocol.ts";
import { LlamaEngine } from "./llamaEngine.ts";
import { TextBatcher } from "./textBatcher.ts";

/** Any code outside the range that JSON-RPC reserves: what matters travels in the error's data. */
const errorCode = 1;

const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
const engine = new LlamaEngine((line) => console.error(line));
const batcher = new TextBatcher((event) => {
  // Nobody listens any more while the last snapshot is written.
  if (process.connected) void connection.sendNotification(eventNotification, event);
});
engine.onDidEmit((event) => batcher.push(event));

function serve<P, R>(type: RequestType<P, R, ErrorData>, work: (params: P, stop: StopSignal) => Promise<R>): void {
  connection.onRequest(type, async (params: P, token: CancellationToken) => {
    const controller = stopController(token);
    running.add(controller);
    const answering = answer(() => work(params, controller.signal));
    answers.add(answering);
    try {
      return await answering;
    } finally {
      running.delete(controller);
      answers.delete(answering);
    }
  });
}

async function answer<R>(work: () => Promise<R>): Promise<R | ResponseError<ErrorData>> {
  try {
    return await work();
  } catch (error) {
    const data = toErrorData(error);
    return new ResponseError(errorCode, data.message, data);
  } finally {
    batcher.flush();
  }
}

/** Requests that run, to be stopped when the host is gone. */
const running = new Set<AbortController>();
const answers = new Set<Promise<unknown>>();

function stopController(token: CancellationToken): AbortController {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  token.onCancellationRequested(() => controller.abort());
  return controller;
}

serve(requests.inspect, ({ modelPath }) => engine.inspect(modelPath));
serve(requests.load, (options) => engine.load(options));
serve(requests.restore, ({ turns }) => engine.restore(turns));
serve(requests.send, ({ message, options }, stop) => engine.send(message, options, stop));
serve(requests.regenerate, ({ options }, stop) => engine.regenerate(options, stop));
serve(requests.editLast, ({ message, options }, stop) => engine.editLast(message, options, stop));
serve(requests.continueReply, ({ options }, stop) => engine.continueReply(options, stop));
serve(requests.pin, ({ turn }) => engine.pin(turn));
serve(requests.unpin, ({ turnId }) => engine.unpin(turnId));
serve(requests.bringBack, ({ turn }) => engine.bringBack(turn));
serve(requests.detour, ({ id, prompt, options }, stop) => engine.detour(id, prompt, options, stop));
serve(requests.planMessage, ({ message }) => engine.planMessage(message));
serve(requests.evaluateAhead, ({ turnId, parts }) => engine.evaluateAhead(turnId, parts));
serve(requests.changeInstructions, async ({ text }) => {
  await engine.changeInstructions(text);
  return null;
});
serve(requests.countTokens, ({ text }) => engine.countTokens(text));
serve(requests.openConversation, ({ snapshotPath }) => engine.openConversation(snapshotPath));
connection.onRequest(requests.cacheState, () => answer(() => engine.cacheState()));
connection.onRequest(requests.windowText, () => answer(() => engine.windowText()));
connection.onRequest(requests.ping, () => null);
connection.onRequest(requests.reset, () => answer(() => engine.reset()));

// The host is gone, or has let go of us: what runs is stopped, a last snapshot is written, and then we end.
process.on("disconnect", () => {
  connection.dispose();
  for (const pipe of [process.stdout, process.stderr]) pipe.on("error", () => undefined);
  for (const controller of running) controller.abort();
  void Promise.allSettled(answers)
    .then(() => engine.close())
    .finally(() => process.exit(0));
});
const { PRIORITY_BELOW_NORMAL } = constants.priority;
// An editor that was itself started at a lower priority keeps its engine there; raising it is refused to most users.
if (getPriority() < PRIORITY_BELOW_NORMAL) setPriority(PRIORITY_BELOW_NORMAL);
connection.listen();
