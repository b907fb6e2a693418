import { NotificationType, RequestType, RequestType0 } from "vscode-jsonrpc";
import type { ErrorData } from "../base/errors.ts";
import type {
  CacheState,
  DetourResult,
  EngineEvent,
  GateVerdict,
  LoadedModel,
  LoadOptions,
  MessagePart,
  MessagePlan,
  RememberedTurn,
  RestoredFrom,
  RestoredState,
  ReplyOptions,
  TurnResult,
  UserMessage,
  WindowSpan,
} from "./engine.ts";

/** Requests from the host to the engine process; each fails with `ErrorData` in the error's `data`. Cancelling stops. */
export const requests = {
  inspect: new RequestType<{ modelPath: string }, GateVerdict, ErrorData>("inspect"),
  load: new RequestType<LoadOptions, LoadedModel, ErrorData>("load"),
  restore: new RequestType<{ turns: readonly RememberedTurn[] }, RestoredState, ErrorData>("restore"),
  send: new RequestType<{ message: UserMessage; options: ReplyOptions }, TurnResult, ErrorData>("send"),
  regenerate: new RequestType<{ options: ReplyOptions }, TurnResult, ErrorData>("regenerate"),
  editLast: new RequestType<{ message: UserMessage; options: ReplyOptions }, TurnResult, ErrorData>("editLast"),
  continueReply: new RequestType<{ options: ReplyOptions }, TurnResult, ErrorData>("continueReply"),
  pin: new RequestType<{ turn: RememberedTurn }, CacheState, ErrorData>("pin"),
  unpin: new RequestType<{ turnId: string }, CacheState, ErrorData>("unpin"),
  bringBack: new RequestType<{ turn: RememberedTurn }, CacheState, ErrorData>("bringBack"),
  detour: new RequestType<{ id: string; prompt: string; options: ReplyOptions }, DetourResult, ErrorData>("detour"),
  planMessage: new RequestType<{ message: UserMessage }, MessagePlan, ErrorData>("planMessage"),
  evaluateAhead: new RequestType<{ turnId: string; parts: readonly MessagePart[] }, CacheState, ErrorData>(
    "evaluateAhead",
  ),
  changeInstructions: new RequestType<{ text: string }, null, ErrorData>("changeInstructions"),
  countTokens: new RequestType<{ text: string }, number, ErrorData>("countTokens"),
  windowText: new RequestType0<readonly WindowSpan[], ErrorData>("windowText"),
  cacheState: new RequestType0<CacheState, ErrorData>("cacheState"),
  /** Answered at once by a child whose event loop turns. */
  ping: new RequestType0<null, ErrorData>("ping"),
  openConversation: new RequestType<{ snapshotPath?: string }, RestoredFrom, ErrorData>("openConversation"),
  reset: new RequestType0<CacheState, ErrorData>("reset"),
};

/** What happens in the engine process, pushed to the host. Text comes in pieces of about 30 ms, the first at once. */
export const eventNotification = new NotificationType<EngineEvent>("event");
