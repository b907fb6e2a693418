import type { MessagePart, RememberedTurn, UserMessage } from "../engine/engine.ts";
import type { AttachmentView, TurnView } from "../messages/chatMessages.ts";
import type { ChatDelta } from "./viewChannel.ts";

/** The whole conversation, oldest turn first, and the only place where it changes. Every change is told to `tell`. */
export class Transcript {
  private list: TurnView[] = [];

  constructor(private readonly tell: (delta: ChatDelta) => void) {}

  get turns(): readonly TurnView[] {
    return this.list;
  }

  get last(): TurnView | undefined {
    return this.list.at(-1);
  }

  find(id: string): TurnView | undefined {
    return this.list.findLast((turn) => turn.id === id);
  }

  add(turn: TurnView): void {
    this.list.push(turn);
    this.tell({ type: "turnAdded", turn });
  }

  change(id: string, change: Partial<TurnView>): void {
    if (this.replace(id, change)) this.tell({ type: "turnChanged", id, change });
  }

  append(id: string, channel: "reply" | "thought", text: string): void {
    const turn = this.find(id);
    if (turn === undefined || text === "") return;
    const offset = turn[channel].length;
    this.replace(id, { [channel]: turn[channel] + text });
    this.tell({ type: "text", id, channel, offset, text });
  }

  /** Marks what the model still has in its window. Says nothing: the cache message carries the same list. */
  setRemembered(ids: readonly string[]): void {
    const remembered = new Set(ids);
    this.list = this.list.map((turn) =>
      turn.remembered === remembered.has(turn.id) ? turn : { ...turn, remembered: remembered.has(turn.id) },
    );
  }

  /** Puts other turns in the place of all. The view has to be sent a snapshot afterwards. */
  open(turns: readonly TurnView[]): void {
    this.list = [...turns];
  }

  clear(): void {
    const ids = this.list.map((turn) => turn.id);
    this.list = [];
    if (ids.length > 0) this.tell({ type: "turnsRemoved", ids });
  }

  private replace(id: string, change: Partial<TurnView>): boolean {
    const index = this.list.findLastIndex((turn) => turn.id === id);
    const turn = this.list[index];
    if (turn === undefined) return false;
    this.list[index] = { ...turn, ...change };
    return true;
  }
}

export function newTurn(
  id: string,
  user: string,
  sentAt: number,
  attachments: readonly AttachmentView[] = [],
): TurnView {
  return {
    id,
    user,
    attachments,
    sentAt,
    reply: "",
    thought: "",
    thoughtMs: 0,
    status: "pending",
    prefill: 0,
    pinned: false,
    remembered: true,
    timeToFirstTokenMs: 0,
    tokensPerSecond: 0,
    replyTokens: 0,
    omittedTokens: 0,
    note: "",
    error: null,
  };
}

/** Attachments stand in front: they can be evaluated while the message is still being typed. */
function partsOf(turn: TurnView): readonly MessagePart[] {
  return [...attachmentParts(turn.attachments), { id: `${turn.id}.text`, kind: "text", text: turn.user }];
}

/** An attachment from a journal that kept no texts is not among them. */
export function attachmentParts(attachments: readonly AttachmentView[]): MessagePart[] {
  return attachments.filter(({ text }) => text !== "").map(({ id, text }) => ({ id, kind: "attachment", text }));
}

export function userMessageOf(turn: TurnView): UserMessage {
  return { turnId: turn.id, parts: partsOf(turn) };
}

/** @param replyTokens of the whole reply, where they are known */
export function rememberedTurnOf(turn: TurnView, replyTokens?: readonly number[]): RememberedTurn {
  return {
    turnId: turn.id,
    parts: partsOf(turn),
    reply: turn.reply,
    pinned: turn.pinned,
    ...(replyTokens === undefined ? {} : { replyTokenIds: replyTokens }),
  };
}
