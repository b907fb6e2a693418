import * as z from "zod/mini";
import type { StoredConversation } from "../storage/storedConversation.ts";
import {
  isFinished,
  storedTurnFields,
  storedTurnSchema,
  type StoredTurn,
  type StoredTurnChange,
} from "../storage/storedTurn.ts";
import type { TurnSettings } from "../storage/journalRecord.ts";
import type { TurnView } from "../messages/chatMessages.ts";
import type { ChatDelta } from "./viewChannel.ts";

/** Milliseconds in which streamed text is gathered for one record. */
const gatherMs = 250;

interface GatheredText {
  readonly id: string;
  readonly channel: "reply" | "thought";
  readonly offset: number;
  readonly text: string;
}

/** Turns the changes of a transcript into records of its journal. */
export class TurnRecorder {
  private gathered: GatheredText | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** The window is about to go: a reply that stops now was stopped by that, not by the user. */
  isClosing = false;

  constructor(
    private readonly conversation: StoredConversation,
    private readonly settings: () => TurnSettings,
  ) {}

  record(delta: ChatDelta): void {
    if (delta.type === "text") this.gather(delta);
    else if (delta.type === "turnChanged") this.change(delta.id, delta.change);
    else if (delta.type === "turnAdded") {
      this.flush();
      this.conversation.append({ kind: "turn", turn: storedTurnOf(delta.turn) });
    } else if (delta.type === "turnsRemoved") {
      this.flush();
      const ids = delta.ids.filter((id) => this.conversation.find(id) !== undefined);
      if (ids.length > 0) this.conversation.append({ kind: "removed", ids });
    }
  }

  recordTokens(id: string, tokens: readonly number[]): void {
    if (tokens.length === 0 || this.conversation.find(id) === undefined) return;
    this.flush();
    this.conversation.append({ kind: "tokens", id, tokens: [...tokens] });
  }

  recordMemory(erased: readonly string[], broughtBack: readonly string[]): void {
    const known = (id: string): boolean => this.conversation.find(id) !== undefined;
    const gone = erased.filter((id) => known(id) && !this.conversation.isErased(id));
    const back = broughtBack.filter((id) => known(id) && this.conversation.isErased(id));
    if (gone.length > 0) this.conversation.append({ kind: "erased", ids: gone });
    if (back.length > 0) this.conversation.append({ kind: "broughtBack", ids: back });
  }

  /** Hands over what was gathered. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const text = this.gathered;
    this.gathered = undefined;
    if (text !== undefined) this.conversation.append({ kind: "text", ...text });
  }

  private change(id: string, change: Partial<TurnView>): void {
    if (change.status === "prefilling") return; // only progress
    this.flush();
    const before = this.conversation.find(id);
    if (before === undefined) return;
    if (change.status === "pending") this.conversation.append({ kind: "settings", id, settings: this.settings() });
    // The record that ends a reply holds all of it: damage to the pieces before takes nothing away.
    const ends = change.status !== undefined && isFinished(change.status);
    const whole: Partial<TurnView> = {
      ...(ends ? { reply: before.reply, thought: before.thought } : {}),
      ...change,
      ...(this.isClosing && change.note === "stopped" ? { note: "interrupted" as const } : {}),
    };
    const changed = storedTurnFields.filter((field) => {
      if (whole[field] === undefined) return false;
      return (ends && (field === "reply" || field === "thought")) || !isSame(whole[field], before[field]);
    });
    if (changed.length === 0) return;
    this.conversation.append({ kind: "change", id, change: pick(whole, changed) });
  }

  private gather({ id, channel, offset, text }: GatheredText): void {
    if (this.conversation.find(id) === undefined) return;
    const before = this.gathered;
    if (before?.id === id && before.channel === channel) {
      this.gathered = { ...before, text: before.text + text };
      return;
    }
    this.flush();
    this.gathered = { id, channel, offset, text };
    this.timer = setTimeout(() => this.flush(), gatherMs);
  }
}

/** Stored turns as the view draws them, oldest first. What the model remembers is known for sure when it is loaded. */
export function turnViewsOf(conversation: StoredConversation): TurnView[] {
  return conversation.turns.map((turn) => ({ ...turn, prefill: 0, remembered: !conversation.isErased(turn.id) }));
}

export function storedTurnOf(turn: TurnView): StoredTurn {
  return z.parse(storedTurnSchema, turn);
}

function pick(turn: StoredTurnChange, names: readonly (keyof StoredTurn)[]): StoredTurnChange {
  return Object.fromEntries(names.map((name) => [name, turn[name]]));
}

function isSame(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
