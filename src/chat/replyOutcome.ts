import type { ErrorData } from "../base/errors.ts";
import type { TurnResult } from "../engine/engine.ts";
import type { ErrorView, ReplyNote, TurnView } from "../messages/chatMessages.ts";

const notes: Readonly<Record<TurnResult["stopReason"], ReplyNote>> = {
  end: "",
  stopString: "",
  stopped: "stopped",
  loop: "loop",
  maxTokens: "maxTokens",
};

/** A turn before it is answered. `keepsReply`: the reply there is goes on. */
export function pendingTurn(keepsReply: boolean): Partial<TurnView> {
  const blank = { reply: "", thought: "", thoughtMs: 0, timeToFirstTokenMs: 0, tokensPerSecond: 0, replyTokens: 0 };
  return { ...(keepsReply ? {} : blank), status: "pending", prefill: 0, note: "", error: null };
}

/** A turn that was answered. `before`: the part of the reply that was there already. */
export function answeredTurn(result: TurnResult, before: string): Partial<TurnView> {
  return {
    reply: before + result.text,
    ...(result.thought === "" ? {} : { thought: result.thought }),
    thoughtMs: result.thoughtMs,
    status: result.stopReason === "stopped" ? "stopped" : "done",
    note: notes[result.stopReason],
    timeToFirstTokenMs: result.timeToFirstTokenMs,
    tokensPerSecond: result.tokensPerSecond,
    replyTokens: result.replyTokens,
    omittedTokens: result.omittedTokens,
  };
}

/** A turn whose reply failed. What had arrived is kept, and can be gone on with. */
export function failedTurn(turn: TurnView, data: ErrorData, error: ErrorView): Partial<TurnView> {
  const engineGone = ["engine-crashed", "engine-stopped", "gpu-lost"].includes(data.code);
  const hasText = turn.reply !== "" || turn.thought !== "";
  return { status: "failed", note: engineGone && hasText ? "interrupted" : "", error };
}
