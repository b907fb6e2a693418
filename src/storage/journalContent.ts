import type { ConversationHeader, JournalRecord, TurnSettings } from "./journalRecord.ts";
import type { StoredTurn } from "./storedTurn.ts";

/** Characters that may be missing before a piece of text; more than that is no gap of one lost record. */
const widestGap = 1_000_000;

/** What a journal says in the end: the same records, applied one after another, whether they are read or written. */
export class JournalContent {
  header: ConversationHeader | undefined;
  private readonly byId = new Map<string, StoredTurn>();
  private readonly settings = new Map<string, TurnSettings>();
  private readonly tokens = new Map<string, readonly number[]>();
  private readonly erased = new Set<string>();

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
        // Another reply begins.
        if (record.change.status === "pending") this.tokens.delete(record.id);
        const turn = this.byId.get(record.id);
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

  /** The fewest records that say the same. */
  records(): JournalRecord[] {
    const turns = this.turns.flatMap((turn): JournalRecord[] => {
      const settings = this.settings.get(turn.id);
      const tokens = this.tokens.get(turn.id);
      return [
        ...(settings === undefined ? [] : [{ kind: "settings" as const, id: turn.id, settings }]),
        { kind: "turn", turn },
        ...(tokens === undefined ? [] : [{ kind: "tokens" as const, id: turn.id, tokens: [...tokens] }]),
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
