import type { ConversationHeader, JournalRecord, TurnSettings } from "./journalRecord.ts";
import { isFinished, type StoredTurn, type StoredTurnChange } from "./storedTurn.ts";

export interface ReplacedReply {
  /** As it was with that reply. */
  readonly turn: StoredTurn;
  readonly tokens: readonly number[] | undefined;
}

/** Characters that may be missing before a piece of text; more than that is no gap of one lost record. */
const widestGap = 1_000_000;

/** What a journal says in the end: the same records, applied one after another, whether they are read or written. */
export class JournalContent {
  header: ConversationHeader | undefined;
  private readonly byId = new Map<string, StoredTurn>();
  private readonly settings = new Map<string, TurnSettings>();
  private readonly tokens = new Map<string, readonly number[]>();
  private readonly erased = new Set<string>();
  /** Replies that are being replaced, until something takes their place. */
  private readonly replaced = new Map<string, ReplacedReply>();

  /** Oldest first. */
  get turns(): StoredTurn[] {
    return [...this.byId.values()];
  }

  find(id: string): StoredTurn | undefined {
    return this.byId.get(id);
  }

  /** Of its whole reply, as the model gave them; undefined where they are not known. */
  replyTokens(id: string): readonly number[] | undefined {
    return this.tokens.get(id);
  }

  /** Whether the model had forgotten the turn. */
  isErased(id: string): boolean {
    return this.erased.has(id);
  }

  /**
   * The reply that a turn had before the one that was asked for in its place: of that one there is not a word yet.
   * Undefined also where another message has been asked.
   */
  replacedReply(id: string): ReplacedReply | undefined {
    const turn = this.byId.get(id);
    return turn?.reply === "" && turn.thought === "" ? this.replaced.get(id) : undefined;
  }

  /** The settings that were valid at last. */
  get lastSettings(): TurnSettings | undefined {
    return [...this.settings.values()].at(-1);
  }

  apply(record: JournalRecord): void {
    switch (record.kind) {
      case "conversation":
        this.header = record;
        return;
      case "turn":
        this.byId.set(record.turn.id, record.turn);
        return;
      case "change": {
        const turn = this.byId.get(record.id);
        if (turn !== undefined) this.followReply(turn, record.change);
        const change = Object.fromEntries(Object.entries(record.change).filter(([, value]) => value !== undefined));
        if (turn !== undefined) this.byId.set(turn.id, { ...turn, ...change, id: turn.id });
        return;
      }
      case "text": {
        const turn = this.byId.get(record.id);
        if (turn !== undefined) this.byId.set(turn.id, { ...turn, [record.channel]: withText(turn, record) });
        return;
      }
      case "removed":
        for (const id of record.ids) {
          this.byId.delete(id);
          this.settings.delete(id);
          this.tokens.delete(id);
          this.erased.delete(id);
          this.replaced.delete(id);
        }
        return;
      case "tokens":
        this.tokens.set(record.id, record.tokens);
        return;
      case "erased":
        for (const id of record.ids) this.erased.add(id);
        return;
      case "broughtBack":
        for (const id of record.ids) this.erased.delete(id);
        return;
      case "settings":
        this.settings.set(record.id, record.settings);
    }
  }

  /** `turn`: before the change. */
  private followReply(turn: StoredTurn, change: StoredTurnChange): void {
    const { id } = turn;
    if (change.status === "pending") {
      // Another reply begins.
      const isSameMessage = change.user === undefined || change.user === turn.user;
      if (!isSameMessage) this.replaced.delete(id);
      else if (change.reply === "" && turn.reply !== "") this.replaced.set(id, { turn, tokens: this.tokens.get(id) });
      this.tokens.delete(id);
    } else if (change.status !== undefined && isFinished(change.status)) this.replaced.delete(id);
  }

  /** The fewest records that say the same. */
  records(): JournalRecord[] {
    const turns = this.turns.flatMap((turn): JournalRecord[] => {
      const { id } = turn;
      const settings = this.settings.get(id);
      const before = turn.status === "pending" ? this.replacedReply(id) : undefined;
      const tokens = before?.tokens ?? this.tokens.get(id);
      return [
        ...(settings === undefined ? [] : [{ kind: "settings" as const, id, settings }]),
        { kind: "turn", turn: before?.turn ?? turn },
        ...(tokens === undefined ? [] : [{ kind: "tokens" as const, id, tokens: [...tokens] }]),
        ...(before === undefined ? [] : [{ kind: "change" as const, id, change: turn }]),
      ];
    });
    const erased: JournalRecord[] = this.erased.size === 0 ? [] : [{ kind: "erased", ids: [...this.erased] }];
    return [...(this.header === undefined ? [] : [this.header]), ...turns, ...erased];
  }
}

/** A piece before which text is missing (its record was damaged) keeps its place: an ellipsis fills the gap. */
function withText(turn: StoredTurn, record: Extract<JournalRecord, { kind: "text" }>): string {
  const before = turn[record.channel];
  const missing = record.offset - before.length;
  if (missing <= 0) return before.slice(0, record.offset) + record.text;
  return missing > widestGap ? before : before + "…".padEnd(missing, " ") + record.text;
}
