import { toErrorData } from "../base/errors.ts";
import type { CacheState, Engine, MessagePart } from "../engine/engine.ts";
import type { AttachmentView, CostView } from "../messages/chatMessages.ts";
import { attachmentParts } from "./transcript.ts";

/** The message as it is typed so far. */
export interface TypedMessage {
  /** Of the turn that it will be. */
  readonly turnId: string;
  readonly text: string;
  readonly attachments: readonly AttachmentView[];
}

export interface MessageOutlookOptions {
  readonly engine: Engine;
  /** Undefined while there is no model that knows the conversation, and while a reply runs. */
  readonly message: () => TypedMessage | undefined;
  readonly onDidPlan: (cost: CostView | null) => void;
  /** Attachments that the model has read. */
  readonly onDidReadAhead: (ids: readonly string[]) => void;
  readonly log: (line: string) => void;
}

/** Milliseconds without a change before the engine is asked. */
const quietMs = 250;

/**
 * Says what the message that is being typed would cost, by the engine's own plan, and has its attachments evaluated
 * meanwhile. Nothing is ever forgotten for a message that may never be sent: attachments for which the model would have
 * to forget something are left until then.
 */
export class MessageOutlook {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running = false;
  /** Something has changed since the last look began. */
  private wanted = false;
  /** What the engine holds ahead. */
  private ahead: { readonly turnId: string; readonly ids: readonly string[] } = { turnId: "", ids: [] };

  constructor(private readonly options: MessageOutlookOptions) {}

  /** The message, or what the model remembers, is not what it was. */
  update(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(), quietMs);
  }

  /** What the engine says about its cache: other operations erase what was read ahead. */
  follow(cache: CacheState): void {
    if (this.running || this.ahead.ids.length === 0) return;
    if (holdsAhead(cache)) return;
    this.forget();
    this.update();
  }

  /** The message was sent, or another one takes its place: the engine holds nothing for the next one. */
  forget(): void {
    if (this.ahead.ids.length > 0) this.setAhead("", []);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  private async look(): Promise<void> {
    this.wanted = true;
    if (this.running) return;
    this.running = true;
    try {
      while (this.wanted) {
        this.wanted = false;
        await this.lookOnce();
      }
    } finally {
      this.running = false;
    }
  }

  private async lookOnce(): Promise<void> {
    const { engine, message, onDidPlan, log } = this.options;
    const typed = message();
    if (typed === undefined) {
      onDidPlan(null);
      return;
    }
    const { turnId, text } = typed;
    const attachments = attachmentParts(typed.attachments);
    const parts: MessagePart[] = [...attachments];
    if (text.trim() !== "") parts.push({ id: `${turnId}.typed`, kind: "text", text: text.trim() });
    try {
      if (parts.length === 0) onDidPlan(null);
      else {
        const plan = await engine.planMessage({ turnId, parts });
        onDidPlan({
          tokens: plan.messageTokens,
          forgets: plan.forgottenTurnIds.length,
          forgetsAttachments: plan.forgottenAttachmentIds.length,
          omitted: plan.omittedTokens,
        });
      }
      await this.readAhead(turnId, attachments);
    } catch (error) {
      const { code, message: words, detail } = toErrorData(error);
      if (code !== "busy") log(`outlook: ${code}: ${detail ?? words}`);
      onDidPlan(null);
    }
  }

  private async readAhead(turnId: string, attachments: readonly MessagePart[]): Promise<void> {
    const { engine } = this.options;
    const held = this.ahead.turnId === turnId ? this.ahead.ids : [];
    let wanted = attachments;
    if (attachments.some(({ id }) => !held.includes(id))) {
      const plan = await engine.planMessage({ turnId, parts: attachments });
      const costsMemory = plan.forgottenTurnIds.length + plan.forgottenAttachmentIds.length + plan.omittedTokens > 0;
      if (costsMemory) wanted = attachments.filter(({ id }) => held.includes(id));
    }
    const ids = wanted.map(({ id }) => id);
    if (ids.join() === this.ahead.ids.join() && (ids.length === 0 || this.ahead.turnId === turnId)) return;
    // It gives way to other operations, and may have come to nothing.
    const cache = await engine.evaluateAhead(turnId, wanted);
    if (holdsAhead(cache)) this.setAhead(turnId, ids);
    else this.setAhead("", []);
  }

  private setAhead(turnId: string, ids: readonly string[]): void {
    this.ahead = { turnId, ids };
    this.options.onDidReadAhead(ids);
  }
}

function holdsAhead(cache: CacheState): boolean {
  return cache.spans.some(({ kind }) => kind === "ahead");
}
