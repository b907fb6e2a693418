import type { QueuedMessageView } from "../messages/chatMessages.ts";

export interface MessageQueueOptions {
  readonly isBusy: () => boolean;
  /** Sends a message and resolves when its reply has ended; `false`: it failed, or was stopped. */
  readonly send: (message: QueuedMessageView) => Promise<boolean>;
  readonly onDidChange: () => void;
}

/** Messages that were sent while a reply runs: they follow it, in order. After a reply that failed they wait. */
export class MessageQueue {
  private list: readonly QueuedMessageView[] = [];
  private held = false;
  private draining = false;

  constructor(private readonly options: MessageQueueOptions) {}

  get all(): readonly QueuedMessageView[] {
    return this.list;
  }

  /** Whether it goes on only when the user says so. */
  get waits(): boolean {
    return this.held && this.list.length > 0;
  }

  add(message: QueuedMessageView): void {
    this.list = [...this.list, message];
    this.options.onDidChange();
  }

  /** A message without a word is none. */
  edit(id: string, text: string): void {
    if (text.trim() === "") {
      this.remove(id);
      return;
    }
    this.list = this.list.map((message) => (message.id === id ? { ...message, text: text.trim() } : message));
    this.options.onDidChange();
  }

  remove(id: string): void {
    this.list = this.list.filter((message) => message.id !== id);
    this.options.onDidChange();
  }

  /** Puts others in the place of all; they wait. */
  open(messages: readonly QueuedMessageView[]): void {
    this.list = messages;
    this.held = true;
  }

  /** A reply has ended: the next message goes on, unless the reply failed or was stopped. */
  replyEnded(well: boolean): void {
    if (this.draining) return;
    this.held = !well;
    if (well) void this.goOn().catch(() => undefined);
    else if (this.list.length > 0) this.options.onDidChange();
  }

  /** Sends what waits, one after the other. */
  async goOn(): Promise<void> {
    if (this.draining) return;
    this.draining = true;
    this.held = false;
    try {
      while (this.list.length > 0 && !this.held && !this.options.isBusy()) {
        const [next, ...rest] = this.list;
        if (next === undefined) break;
        this.list = rest;
        this.options.onDidChange();
        try {
          this.held = !(await this.options.send(next));
        } catch (error) {
          // It was never sent: nothing that was written is lost.
          this.list = [next, ...this.list];
          this.held = true;
          throw error;
        }
      }
    } finally {
      this.draining = false;
      this.options.onDidChange();
    }
  }
}
