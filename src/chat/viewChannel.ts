import type { Disposable } from "../base/disposable.ts";
import type { ChatSnapshot, ChatState, TurnView } from "../messages/chatMessages.ts";

type WithoutSequence<T> = T extends { readonly sequence: number } ? Omit<T, "sequence"> : never;

/** A state change on its way to the view, before it gets its sequence number. */
export type ChatDelta = Exclude<WithoutSequence<ChatState>, { readonly type: "snapshot" }>;

type TextDelta = Extract<ChatDelta, { readonly type: "text" }>;

/** Milliseconds in which streamed text is gathered into one message: about two frames. */
const gatherMs = 30;
/** Turns that the first message to a view holds, and those that follow at a time. */
const firstTurns = 20;
const historyTurns = 400;
/** Milliseconds before the first piece of history, so that it does not hold up the first picture, and between two. */
const firstHistoryMs = 300;
const historyMs = 60;

/**
 * The way from the host to whatever view is there at the moment. Nothing is kept for a view that is not: it asks with
 * `ready` when it comes back, and the snapshot holds everything.
 */
export class ViewChannel implements Disposable {
  private sequence = 0;
  private post: ((message: ChatState) => void) | undefined;
  private live = false;
  private gathered: TextDelta | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private historyTimer: ReturnType<typeof setTimeout> | undefined;

  /** `takeSnapshot`: the whole conversation; what a view gets of it at a time is decided here. */
  constructor(
    private readonly takeSnapshot: () => Omit<ChatSnapshot, "earlier">,
    private readonly strings: Readonly<Record<string, string>>,
  ) {}

  /** Connects a view. It hears nothing until it has asked for a snapshot. A newer view replaces an older one. */
  attach(post: (message: ChatState) => void): Disposable {
    this.post = post;
    this.live = false;
    return {
      dispose: () => {
        if (this.post !== post) return;
        this.post = undefined;
        this.live = false;
      },
    };
  }

  /** Answers `ready`. */
  sendSnapshot(): void {
    if (this.post === undefined) return;
    this.dropGathered();
    this.live = true;
    this.sequence += 1;
    const snapshot = this.takeSnapshot();
    const earlier = Math.max(0, snapshot.turns.length - firstTurns);
    this.post({
      type: "snapshot",
      sequence: this.sequence,
      snapshot: { ...snapshot, turns: snapshot.turns.slice(earlier).map(withoutTexts), earlier },
      strings: this.strings,
    });
    this.sendHistory(earlier, firstHistoryMs);
  }

  send(delta: ChatDelta): void {
    if (delta.type === "text") {
      this.gather(delta);
      return;
    }
    this.flush();
    if (delta.type === "turnsRemoved") clearTimeout(this.historyTimer);
    this.deliver(delta.type === "turnAdded" ? { ...delta, turn: withoutTexts(delta.turn) } : delta);
  }

  dispose(): void {
    this.dropGathered();
    clearTimeout(this.historyTimer);
    this.post = undefined;
    this.live = false;
  }

  /** Sends the turns before the given one, newest first. Their places are fixed: turns are only added at the end. */
  private sendHistory(end: number, delay: number): void {
    clearTimeout(this.historyTimer);
    if (end === 0) return;
    this.historyTimer = setTimeout(() => {
      const start = Math.max(0, end - historyTurns);
      const turns: readonly TurnView[] = this.takeSnapshot().turns.slice(start, end).map(withoutTexts);
      this.send({ type: "history", turns });
      this.sendHistory(start, historyMs);
    }, delay);
  }

  private gather(delta: TextDelta): void {
    if (!this.live) return;
    const before = this.gathered;
    if (before?.id === delta.id && before.channel === delta.channel) {
      this.gathered = { ...before, text: before.text + delta.text };
      return;
    }
    this.flush();
    this.gathered = delta;
    this.timer = setTimeout(() => this.flush(), gatherMs);
  }

  private flush(): void {
    const text = this.gathered;
    this.dropGathered();
    if (text !== undefined) this.deliver(text);
  }

  private dropGathered(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.gathered = undefined;
  }

  private deliver(delta: ChatDelta): void {
    if (!this.live || this.post === undefined) return;
    this.sequence += 1;
    this.post({ ...delta, sequence: this.sequence });
  }
}

/** The view draws attachments by their names: their texts, which can be long, stay here. */
function withoutTexts(turn: TurnView): TurnView {
  if (turn.attachments.length === 0) return turn;
  return { ...turn, attachments: turn.attachments.map((attachment) => ({ ...attachment, text: "" })) };
}
