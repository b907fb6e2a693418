import MiniSearch from "minisearch";
import type { StoredTurn } from "../storage/storedTurn.ts";
import { foldWord, searchWords } from "./searchWords.ts";

/** What tells whether a conversation has to be read again. */
export interface SearchedConversation {
  readonly id: string;
  readonly title: string;
  /** Milliseconds since the epoch. */
  readonly usedAt: number;
}

export interface SearchHit {
  /** Of the conversation. */
  readonly id: string;
  /** The place of the best match with what stands around it, on one line. */
  readonly excerpt: string;
}

interface Piece {
  readonly key: string;
  readonly conversation: string;
  readonly title: string;
  readonly text: string;
}

/** Characters that are indexed in one go, so that a very long reply does not hold up everything else. */
const pieceLength = 6_000;
/** Pieces between which other work of this process gets its turn. */
const piecesAtATime = 4;
/** Characters around a match. */
const excerptBefore = 30;
const excerptLength = 120;

/** Searches the text of all conversations. The index is built when it is asked for, a slice at a time. */
export class ConversationSearch {
  private readonly index = new MiniSearch<Piece>({
    idField: "key",
    fields: ["title", "text"],
    tokenize: searchWords,
    processTerm: (term) => foldWord(term),
    searchOptions: {
      prefix: true,
      fuzzy: (term) => (term.length > 4 ? 0.2 : false),
      boost: { title: 3 },
      combineWith: "AND",
    },
  });
  private readonly pieces = new Map<string, Piece>();
  private readonly read: (id: string) => Promise<readonly StoredTurn[]>;
  private readonly stamps = new Map<string, string>();
  private updating: Promise<void> = Promise.resolve();

  /** `read`: the turns of a conversation; one that cannot be read is left out. */
  constructor(read: (id: string) => Promise<readonly StoredTurn[]>) {
    this.read = read;
  }

  /** Takes in what is new or has changed since the last time, and lets go of what is gone. Never rejects. */
  update(conversations: readonly SearchedConversation[]): Promise<void> {
    this.updating = this.updating.then(async () => {
      const present = new Set(conversations.map(({ id }) => id));
      for (const id of [...this.stamps.keys()].filter((known) => !present.has(known))) this.discard(id);
      for (const conversation of conversations) await this.take(conversation);
    });
    return this.updating;
  }

  /** One hit for each conversation, best first. */
  search(query: string): SearchHit[] {
    const hits = new Map<string, SearchHit>();
    for (const { id, terms } of this.index.search(query)) {
      const piece = this.pieces.get(String(id));
      if (piece === undefined || hits.has(piece.conversation)) continue;
      hits.set(piece.conversation, { id: piece.conversation, excerpt: excerptOf(piece.text, terms) });
    }
    return [...hits.values()];
  }

  private async take({ id, title, usedAt }: SearchedConversation): Promise<void> {
    const stamp = `${usedAt} ${title}`;
    if (this.stamps.get(id) === stamp) return;
    const turns = await this.read(id).catch(() => []);
    this.discard(id);
    this.stamps.set(id, stamp);
    const pieces = turns
      .flatMap(({ user, thought, reply }) => slices([user, reply, thought].join("\n")))
      .map((text, index) => ({ key: `${id} ${index}`, conversation: id, title, text }));
    for (const piece of pieces) this.pieces.set(piece.key, piece);
    await this.index.addAllAsync(pieces, { chunkSize: piecesAtATime });
  }

  private discard(id: string): void {
    this.stamps.delete(id);
    for (const [key, { conversation }] of this.pieces) {
      if (conversation !== id) continue;
      this.index.discard(key);
      this.pieces.delete(key);
    }
  }
}

/** Cut between words where there are some. */
function slices(text: string): string[] {
  const found: string[] = [];
  for (let start = 0; start < text.length;) {
    const space = text.lastIndexOf(" ", start + pieceLength);
    const end = start + pieceLength >= text.length ? text.length : space > start ? space : start + pieceLength;
    found.push(text.slice(start, end));
    start = end;
  }
  return found;
}

function excerptOf(text: string, terms: readonly string[]): string {
  const line = text.replace(/\s+/g, " ").trim();
  const folded = foldWord(line);
  // Where folding changes the length, the place is off by as much: the excerpt shows a little more before the match.
  const places = terms.map((term) => folded.indexOf(term)).filter((place) => place >= 0);
  const place = places.length === 0 ? 0 : Math.min(...places);
  const space = place <= excerptBefore ? -1 : line.indexOf(" ", place - excerptBefore);
  const start = place <= excerptBefore ? 0 : space >= 0 && space < place ? space + 1 : place;
  const excerpt = line.slice(start, start + excerptLength);
  return `${start > 0 ? "…" : ""}${excerpt}${start + excerptLength < line.length ? "…" : ""}`;
}
