import { isSameList, type ConversationCore } from "./conversationCore.ts";
import type { PastTurn, WrittenReply } from "./conversationTypes.ts";
import { chooseRestored } from "./restoreChoice.ts";
import type { Token, Tokenizer } from "./tokenSequence.ts";
import type { CachedTurn } from "./turn.ts";

/** Brings the model's memory in line with a transcript, after a restart. */
export class Restoration {
  constructor(private readonly core: ConversationCore) {}

  /** See `StreamingConversation.restore`. `cached`: the newest turn that the snapshot brought back. */
  async restore(past: readonly PastTurn[], cached: CachedTurn | undefined): Promise<WrittenReply | undefined> {
    const newest = past.at(-1);
    if (newest === undefined) {
      await this.follow([]);
      return undefined;
    }
    const written = cached === undefined ? undefined : this.writtenOf(newest, cached);
    if (written !== undefined) {
      await this.follow([...past.slice(0, -1), { ...newest, reply: written.text, replyTokenIds: written.tokenIds }]);
      return written;
    }
    await this.follow(past);
    this.core.written = { turnId: newest.turnId, text: newest.reply, stopReason: "stopped" };
    return undefined;
  }

  private async follow(past: readonly PastTurn[]): Promise<void> {
    const { core } = this;
    const same = core.turns.filter((turn) => past.some((other) => this.isSame(turn, other)));
    for (const turn of same) turn.pinned = past.some((other) => other.turnId === turn.turnId && other.pinned);
    const newest = past.findLastIndex((turn) => same.some((other) => other.turnId === turn.turnId));
    const sized = past.slice(newest + 1).map((turn) => this.remembered(turn));
    const kept = chooseRestored(sized, core.limits.lowWater - core.headTokens);
    // Where not all that is newer fits, what is older goes: no hole.
    const known = same.filter((turn) => turn.pinned || kept.length === sized.length);
    // Nothing to add: the cells stay as they were saved, to the last token.
    if (kept.length === 0 && known.length === core.turns.length) return;
    const turns = [...known, ...kept.map(({ turn }) => turn)];
    const replies = kept.map(({ reply }) => reply);
    // The newest reply may be gone on with: its last token is owed, as that of a stopped one, not evaluated twice.
    const last = replies.at(-1);
    const owed = kept.at(-1)?.turn.turnId === past.at(-1)?.turnId ? last?.tokens.at(-1) : undefined;
    if (last === undefined || owed === undefined) return core.commit(turns, undefined, replies);
    await core.commit(turns, undefined, [...replies.slice(0, -1), { ...last, tokens: last.tokens.slice(0, -1) }]);
    core.adoptOwed({ turnId: turns.at(-1)?.turnId ?? "", tokens: [owed] });
  }

  /** The reply of the transcript's newest turn as the model wrote it, if what the transcript says is a beginning of it. */
  private writtenOf(past: PastTurn, turn: CachedTurn): WrittenReply | undefined {
    const { written } = this.core;
    if (written?.turnId !== past.turnId || turn.turnId !== past.turnId) return undefined;
    if (!written.text.startsWith(past.reply) || !this.isSame(turn, { ...past, reply: written.text })) return undefined;
    const segment = this.core.cache.content(turn.replyId);
    const tokenIds = segment?.dropped === 0 ? this.replyCells(turn) : [];
    return { ...written, tokenIds };
  }

  /** Tokens of a reply that the model has, those that are not evaluated yet among them. */
  private replyCells(turn: CachedTurn): Token[] {
    const owed = this.core.owedTokens();
    const cells = this.core.cache.content(turn.replyId)?.tokens ?? [];
    return [...cells, ...(owed?.turnId === turn.turnId ? owed.tokens : [])];
  }

  /** Whether the cells of a turn say what the transcript says. */
  private isSame(turn: CachedTurn, past: PastTurn): boolean {
    if (turn.turnId !== past.turnId || !this.isAsked(turn, past)) return false;
    const segment = this.core.cache.content(turn.replyId);
    const text = this.core.setup.tokenizer.decode(this.replyCells(turn), [], false).trim();
    return segment?.dropped === 0 ? text === past.reply.trim() : past.reply.trim().endsWith(text);
  }

  /** Whether the message of a turn is what the transcript says. */
  private isAsked(turn: CachedTurn, past: PastTurn): boolean {
    return past.parts.every(({ id, text }) => {
      const known = turn.parts.find((part) => part.id === id);
      return known === undefined || isSameList(known.tokens, this.core.setup.tokenizer.encode(text, false));
    });
  }

  /** A turn of the transcript as the window would hold it. */
  remembered(past: PastTurn): {
    turn: CachedTurn;
    reply: CachedTurn["parts"][number];
    size: number;
    pinned: boolean;
  } {
    const known = this.core.cache.content(`${past.turnId}.reply`) !== undefined;
    const turn = this.core.newTurn(past.turnId, past.parts, known ? "restored" : "reply");
    turn.phase = "answered";
    turn.pinned = past.pinned;
    const tokens = this.replyTokens(past);
    const reply = { id: turn.replyId, kind: "text" as const, tokens };
    const size = [...turn.parts, reply].reduce((sum, part) => sum + part.tokens.length, 0);
    return { turn, reply, size, pinned: past.pinned };
  }

  /** Those that the model gave, if they still spell the reply: another model has other tokens. */
  private replyTokens({ reply, replyTokenIds }: PastTurn): readonly Token[] {
    const { tokenizer } = this.core.setup;
    const isSpelled = replyTokenIds !== undefined && spells(tokenizer, replyTokenIds, reply);
    return isSpelled ? replyTokenIds : tokenizer.encode(reply, false);
  }
}

/** Whether these are ordinary tokens of this vocabulary that spell the text. Those of another one may not even exist here. */
function spells(tokenizer: Tokenizer, tokens: readonly Token[], text: string): boolean {
  try {
    const [plain, withSpecial] = [false, true].map((special) => tokenizer.decode(tokens, [], special));
    return plain === withSpecial && plain?.trim() === text.trim();
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
