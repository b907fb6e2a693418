import { align } from "./alignment.ts";
import type { Addition, Cache } from "./cache.ts";
import type { ChatTemplate } from "./chatTemplate.ts";
import { renderLayout, systemId, type LayoutItem, type LayoutTurn, type SystemPlacement } from "./layout.ts";
import { Segment } from "./segment.ts";
import { splitOpening, type PromptItem } from "./templateFit.ts";
import type { Token, Tokenizer } from "./tokenSequence.ts";
import { layoutOf, type CachedTurn } from "./turn.ts";

/** A bracketed mark, what stands between two of them, or a bracket that begins none. */
const markPattern = /[<[][^<>[\]\s]*[>\]]|[^<[]+|[<[]/g;

/** What stays in the cache and what has to be evaluated behind it, for a list of turns. */
export interface CachePlan {
  readonly kept: readonly Segment[];
  readonly additions: readonly Addition[];
  /** Cached segments behind the last kept one. */
  readonly rest: readonly Segment[];
}

/** Turns lists of turns into plans: renders them, compares with what is cached, tokenises what is missing. */
export class CachePlanner {
  readonly systemTokens: readonly Token[];

  constructor(
    private readonly cache: Cache,
    private readonly tokenizer: Tokenizer,
    private readonly template: ChatTemplate,
    private readonly placement: SystemPlacement,
    systemPrompt: string,
  ) {
    this.systemTokens = tokenizer.encode(systemPrompt, false);
  }

  /** What should be cached for these turns, in order. */
  layout(turns: readonly CachedTurn[], prompt: boolean): PromptItem[] {
    const layouts = turns.map(layoutOf);
    const items = prompt ? renderLayout(this.template, this.placement, layouts, true) : this.history(turns, layouts);
    const split = prompt ? splitOpening(this.template, this.placement, layouts, items) : items;
    const { beginning } = this.tokenizer;
    const first = split[0];
    if (beginning === undefined || (first?.type === "glue" && first.text.startsWith(beginning.text))) return split;
    return [{ type: "glue", text: beginning.text, turnId: undefined }, ...split];
  }

  /**
   * Without a prompt a reply at the end is laid out as it will stand once another message follows, up to its end: a
   * template may print the newest reply differently (Qwen3: with an empty thought), but that would not last.
   */
  private history(turns: readonly CachedTurn[], layouts: readonly LayoutTurn[]): LayoutItem[] {
    const last = turns.at(-1);
    if (last?.phase !== "answered") return renderLayout(this.template, this.placement, layouts, false);
    const following: LayoutTurn = { turnId: "following", partIds: ["following.user"], replyId: undefined };
    const items = renderLayout(this.template, this.placement, [...layouts, following], false);
    return items.slice(0, items.findIndex((item) => item.type === "content" && item.id === last.replyId) + 1);
  }

  /** The head: what stands before the first turn's content, up to the system prompt. */
  headItems(): LayoutItem[] {
    const turn: CachedTurn = {
      turnId: "head",
      parts: [{ id: "head", kind: "text", tokens: [] }],
      replyId: "",
      phase: "asked",
      pinned: false,
    };
    const items = this.layout([turn], true);
    const place = items.findIndex((item) => item.type === "content" && item.id === systemId);
    return items.slice(0, place + 1);
  }

  headTokens(): number {
    return this.headItems().reduce((sum, item) => sum + this.tokensOf(item, []).length, 0);
  }

  plan(turns: readonly CachedTurn[], prompt: boolean): CachePlan {
    const items = turns.length === 0 ? this.headItems() : this.layout(turns, prompt);
    // A message that is still being typed ends with its last attachment.
    const last = turns.at(-1);
    const end = last?.phase === "ahead" ? items.findLastIndex((item) => item.type === "content") + 1 : items.length;
    const { kept, missing, end: matched } = align(this.cache.segments, items.slice(0, end));
    return {
      kept,
      additions: missing.flatMap((item) => this.additionsFor(item, turns)),
      rest: this.cache.segments.slice(matched),
    };
  }

  /**
   * Glue and content behind the last cached content, for a detour: what closes the tail and asks its question.
   *
   * @param replyId the reply that is being written: it may have no token of its own yet, only a thought
   */
  tail(turns: readonly CachedTurn[], detour: CachedTurn, replyId: string | undefined): PromptItem[] {
    const cached = new Set(this.cache.segments.filter((segment) => !segment.isGlue).map((segment) => segment.key));
    const items = this.layout([...turns, detour], true);
    const last = items.findLastIndex((item) => item.type === "content" && (cached.has(item.id) || item.id === replyId));
    const ids = new Set(detour.parts.map((part) => part.id));
    return items.slice(last + 1).filter((item) => item.type === "glue" || item.id === systemId || ids.has(item.id));
  }

  additionsFor(item: PromptItem, turns: readonly CachedTurn[]): Addition[] {
    if (item.type === "glue" && item.opening === true) return this.openingAdditions(item.text, item.turnId);
    const cached = item.type === "content" ? this.cache.content(item.id) : undefined;
    if (cached !== undefined) {
      const again = new Segment(cached.kind, cached.key, cached.turnId);
      again.dropped = cached.dropped;
      return [{ segment: again, tokens: [...cached.tokens], again: true }];
    }
    return [{ segment: this.segmentFor(item, turns), tokens: this.tokensOf(item, turns) }];
  }

  tokensOf(item: LayoutItem, turns: readonly CachedTurn[]): readonly Token[] {
    if (item.type === "content") {
      if (item.id === systemId) return this.systemTokens;
      return turns.flatMap((turn) => turn.parts).find((part) => part.id === item.id)?.tokens ?? [];
    }
    const { beginning } = this.tokenizer;
    if (beginning !== undefined && item.text === beginning.text) return [beginning.token];
    return this.tokenizer.encode(item.text, true);
  }

  private segmentFor(item: LayoutItem, turns: readonly CachedTurn[]): Segment {
    if (item.type === "glue") return new Segment("glue", item.text, item.turnId);
    if (item.id === systemId) return new Segment("system", systemId, undefined);
    const part = turns.flatMap((turn) => turn.parts).find((candidate) => candidate.id === item.id);
    return new Segment(part?.kind ?? "reply", item.id, item.turnId);
  }

  /** One segment for each token, and none across two marks: a template may keep some of them around an empty thought. */
  private openingAdditions(text: string, turnId: string | undefined): Addition[] {
    const words = text.match(markPattern) ?? [];
    return words.flatMap((word) => {
      const tokens = this.tokenizer.encode(word, true);
      const pieces = tokens.map((token) => this.tokenizer.decode([token], [], true));
      if (pieces.join("") !== word) return [{ segment: new Segment("open", word, turnId), tokens }];
      return tokens.map((token, index) => ({
        segment: new Segment("open", pieces[index] ?? "", turnId),
        tokens: [token],
      }));
    });
  }
}
