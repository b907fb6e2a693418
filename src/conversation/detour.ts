import { DaylongError } from "../base/errors.ts";
import { Cache } from "./cache.ts";
import type { CachePlanner } from "./cachePlan.ts";
import type { ChatTemplate } from "./chatTemplate.ts";
import type { ConversationListener, DetourOutcome, ReplySettings, StopFlag } from "./conversationTypes.ts";
import { generateReply } from "./generation.ts";
import { ReplyRun } from "./replyRun.ts";
import { Segment } from "./segment.ts";
import type { Token, Tokenizer } from "./tokenSequence.ts";
import { prefill, StoppedError } from "./evaluation.ts";
import type { CachedTurn } from "./turn.ts";

/** An answer shorter than this is not worth a detour. Tokens. */
const leastAnswer = 48;

interface DetourSetup {
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate;
  readonly chunkTokens: number;
  readonly listener: ConversationListener;
  readonly clock: () => number;
}

/**
 * Appends a question at the tail, generates the answer, and erases both. A reply that stands still in the middle is
 * closed with the template's own glue first; its sampled token, not evaluated yet, and its sampler stay untouched.
 */
export async function runDetour(
  setup: DetourSetup,
  cache: Cache,
  planner: CachePlanner,
  turns: readonly CachedTurn[],
  reply: ReplyRun | undefined,
  id: string,
  prompt: string,
  settings: ReplySettings,
  stop: StopFlag | undefined,
): Promise<DetourOutcome> {
  const start = setup.clock();
  const base = cache.length;
  const question = setup.tokenizer.encode(prompt, false);
  const partId = `${id}.detour`;
  const turn: CachedTurn = {
    turnId: id,
    parts: [{ id: partId, kind: "text", tokens: question }],
    replyId: `${id}.answer`,
    phase: "asked",
    pinned: false,
  };
  const items = planner.tail(turns, turn, reply?.replySegment.key);
  const glue = items.map((item) =>
    item.type === "content" && item.id === partId ? [] : [...planner.tokensOf(item, [turn])],
  );
  const closing =
    reply?.openThought === undefined ? [] : setup.tokenizer.encode(`\n${reply.openThought.close}\n\n`, true);
  const free = cache.sequence.capacity - base - closing.length - glue.flat().length;
  const room = free - Math.min(leastAnswer, Math.floor(free / 2));
  if (room < 16) {
    throw new DaylongError(
      "detour-too-large",
      "The window has no room left for a side question. Start it after this reply.",
    );
  }
  const asked = cutMiddle(question, room);
  const opened = items.findLast((item) => item.type === "glue")?.text ?? "";

  // The detour keeps books of its own over the same sequence; what it evaluates is counted as new all the same.
  const books = new Cache(cache.sequence);
  const run = new ReplyRun({
    tokenizer: setup.tokenizer,
    tags: setup.template.thoughtTags,
    stopStrings: setup.template.stopStrings,
    opened: setup.template.thoughtTags.find((tags) => opened.trimEnd().endsWith(tags.open.trimEnd())),
    turnId: id,
    replySegment: new Segment("reply", turn.replyId, id),
    onText: (channel, text) => setup.listener.onText(id, channel, text),
  });
  const tokens = [
    ...closing,
    ...items.flatMap((item, index) => (item.type === "content" && item.id === partId ? asked : (glue[index] ?? []))),
  ];
  const limit = cache.sequence.capacity - base - tokens.length;
  const most = Math.min(settings.maxTokens ?? limit, limit);
  try {
    const last = await prefill(books, [{ segment: new Segment("glue", "", id), tokens }], true, {
      chunkTokens: setup.chunkTokens,
      stop,
      onProgress: (done, total) => setup.listener.onPrefill(id, done, total),
      between: () => Promise.resolve(),
    });
    const result = await generateReply(setup, books, run, last, { ...settings, maxTokens: most }, stop, {
      room: () => Promise.resolve(books.length < cache.sequence.capacity),
      between: () => Promise.resolve(),
    });
    run.finish(books);
    const full = result.stopReason === "maxTokens" && most === limit;
    return {
      text: run.text,
      thought: run.thought,
      stopReason: result.stopReason,
      promptTokens: tokens.length,
      replyTokens: run.sampled,
      cut: asked.length < question.length || full,
      timeToFirstTokenMs: result.firstTokenAt - start,
    };
  } catch (error) {
    if (!(error instanceof StoppedError)) throw error;
    return {
      text: "",
      thought: "",
      stopReason: "stopped",
      promptTokens: 0,
      replyTokens: 0,
      cut: false,
      timeToFirstTokenMs: 0,
    };
  } finally {
    cache.noteFloating(books.appended);
    await cache.eraseTail(base);
  }
}

/** Keeps the beginning and the end of a question that is too long: its instruction stands at one of them. */
function cutMiddle(tokens: readonly Token[], room: number): readonly Token[] {
  if (tokens.length <= room) return tokens;
  const front = Math.ceil((room * 2) / 3);
  return [...tokens.slice(0, front), ...tokens.slice(tokens.length - (room - front))];
}
