import type { Addition, Cache } from "./cache.ts";
import type { ThoughtTags } from "./chatTemplate.ts";
import { LoopGuard } from "./loopGuard.ts";
import { ReplyParser, type PieceKind, type ReplyChannel, type ReplyPiece } from "./replyParser.ts";
import { Segment } from "./segment.ts";
import type { Token, Tokenizer } from "./tokenSequence.ts";

/** Tokens before a piece that the vocabulary may need to see to spell it. */
const spellingContext = 8;

export interface ReplyRunSetup {
  readonly tokenizer: Tokenizer;
  readonly tags: readonly ThoughtTags[];
  readonly stopStrings: readonly string[];
  /** The tags that the generation prompt opened. */
  readonly opened: ThoughtTags | undefined;
  readonly turnId: string;
  /** Where the reply's tokens go: new, or the one that is continued. */
  readonly replySegment: Segment;
  readonly onText: (channel: ReplyChannel, text: string) => void;
}

interface Classified {
  readonly kind: PieceKind;
  readonly token: Token;
}

/**
 * One reply on its way: spells the sampled tokens, tells thought from reply, and gives each evaluated token its place
 * in the cache. Lives on after the reply, so that it can be continued.
 */
export class ReplyRun {
  text = "";
  thought = "";
  /** Tokens sampled, thoughts and tags included. */
  sampled = 0;
  thoughtTokens = 0;
  readonly replySegment: Segment;
  private readonly thoughtSegment: Segment;
  private readonly parser: ReplyParser;
  private readonly guard = new LoopGuard();
  private readonly visibleTokens: Set<Token>;
  /** Special tokens that end a turn: found by token, so that a reply may quote their text. */
  private readonly endTokens = new Set<Token>();
  /** Sampled tokens that are not whole characters yet. */
  private partial: Token[] = [];
  private previous: Token[] = [];
  /** Tokens whose kind is known, not placed yet. */
  private classified: Classified[] = [];
  /** Tokens evaluated, not placed yet. */
  private evaluated = 0;

  constructor(private readonly setup: ReplyRunSetup) {
    const { tokenizer } = setup;
    const stops = setup.stopStrings.filter((stop) => {
      const [token, ...more] = tokenizer.encode(stop, true);
      if (token === undefined || more.length > 0 || tokenizer.encode(stop, false)[0] === token) return true;
      this.endTokens.add(token);
      return false;
    });
    this.parser = new ReplyParser(setup.tags, stops, setup.opened);
    this.replySegment = setup.replySegment;
    this.thoughtSegment = new Segment("thought", `${setup.replySegment.key}.thought`, setup.turnId);
    // Tags may be special tokens, which a vocabulary spells only when asked to.
    const words = setup.tags.flatMap((tags) => [tags.open, tags.close, ...(tags.answers ?? [])]);
    this.visibleTokens = new Set(words.flatMap((word) => tokenizer.encode(word, true)));
  }

  get openThought(): ThoughtTags | undefined {
    return this.parser.openThought;
  }

  get metStopString(): boolean {
    return this.parser.ended;
  }

  /** Ends the reply at these texts too, from now on. */
  stopAt(texts: readonly string[]): void {
    this.parser.stopAt(texts);
  }

  /** Adds a sampled token; true if the reply has run into a loop. */
  push(token: Token): boolean {
    this.sampled++;
    if (this.parser.openThought !== undefined) this.thoughtTokens++;
    if (this.endTokens.has(token) && this.parser.openThought === undefined) {
      this.spell(true);
      this.take(this.parser.end([token]));
    } else {
      this.partial.push(token);
      this.spell(false);
    }
    return this.guard.push(token);
  }

  /** The tokens were evaluated: those whose kind is known get their place in the cache. */
  noteEvaluated(cache: Cache, count: number): void {
    cache.noteFloating(count);
    this.evaluated += count;
    this.placeTokens(cache);
  }

  /**
   * The reply has ended. Returns tokens that belong to it but were not evaluated, with their places. Where it was cut off
   * at a stop string, the cells of that string stay behind as floating ones, for the caller to erase.
   */
  finish(cache: Cache): Addition[] {
    this.spell(true);
    this.take(this.parser.flush());
    this.placeTokens(cache);
    cache.place(this.replySegment, []);
    // A token that was reply at its front and stop string at its end is spelled anew.
    const fragment = this.parser.stopCut?.fragment ?? "";
    if (fragment !== "") {
      return [{ segment: this.replySegment, tokens: this.setup.tokenizer.encode(fragment, false) }];
    }
    const left = this.classified.map((piece) => ({ segment: this.segmentFor(piece), tokens: [piece.token] }));
    this.classified = [];
    return left;
  }

  /**
   * Of the whole reply; empty where its beginning was forgotten.
   *
   * @param left what {@link finish} has returned
   */
  replyTokens(left: readonly Addition[]): Token[] {
    const { replySegment } = this;
    if (replySegment.dropped > 0) return [];
    const owed = left.filter(({ segment }) => segment === replySegment).flatMap(({ tokens }) => [...tokens]);
    return [...replySegment.tokens, ...owed];
  }

  private spell(force: boolean): void {
    if (this.partial.length === 0) return;
    const special = this.partial.some((token) => this.visibleTokens.has(token));
    const text = this.setup.tokenizer.decode(this.partial, this.previous, special);
    if (text.endsWith("\uFFFD") && !force && this.partial.length < spellingContext) return;
    this.previous = [...this.previous, ...this.partial].slice(-spellingContext);
    const tokens = this.partial;
    this.partial = [];
    this.take(this.parser.push(tokens, text));
  }

  private take(pieces: readonly ReplyPiece[]): void {
    const { stopCut } = this.parser;
    // The mark that a template prints behind each reply is of use there; any other stop string never was in the reply.
    const forgets = stopCut !== undefined && (!stopCut.ofTemplate || stopCut.fragment !== "");
    for (const { kind, tokens, text } of pieces) {
      if (kind === "tag" && forgets) continue;
      for (const token of tokens) this.classified.push({ kind, token });
      if (kind === "tag" || text === "") continue;
      if (kind === "thought") this.thought += text;
      else this.text += text;
      this.setup.onText(kind, text);
    }
  }

  private placeTokens(cache: Cache): void {
    while (this.evaluated > 0) {
      const piece = this.classified.shift();
      if (piece === undefined) return;
      this.evaluated--;
      cache.place(this.segmentFor(piece), [piece.token]);
    }
  }

  private segmentFor({ kind, token }: Classified): Segment {
    if (kind === "reply") return this.replySegment;
    if (kind === "thought") return this.thoughtSegment;
    // One segment for each token of a tag: a template may keep some of them around an empty thought.
    return new Segment("open", this.setup.tokenizer.decode([token], [], true), this.setup.turnId);
  }
}
