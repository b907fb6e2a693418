import { DaylongError } from "../base/errors.ts";
import type { Addition, Cache } from "./cache.ts";
import type { CachePlan, CachePlanner } from "./cachePlan.ts";
import { planEviction, type EvictableTurn, type EvictionLimits } from "./evictionPlan.ts";
import { LayoutError } from "./layout.ts";
import type { Segment } from "./segment.ts";
import type { CachedTurn, TurnPart } from "./turn.ts";

export interface RoomResult {
  readonly turns: CachedTurn[];
  readonly additions: readonly Addition[];
  /** Tokens of the live message that can never fit beside the head and were left out, oldest first. */
  readonly omitted: number;
  /** The generation prompt's opening, if it has one (`<think>`, say). */
  readonly opening: string;
}

/** What has to go, and what then has to be evaluated, so that turns can be appended. Nothing is changed yet. */
export interface RoomPlan {
  readonly kept: readonly Segment[];
  /** Tokens that go from the front of kept contents, by segment key. */
  readonly trims: ReadonlyMap<string, number>;
  /** As they are evaluated: without what does not fit. */
  readonly additions: readonly Addition[];
  /** Tokens of the additions that do not fit and are left out. */
  readonly omissions: readonly (readonly [segment: Segment, tokens: number])[];
  readonly omitted: number;
  readonly turnIds: readonly string[];
  /** Attachments of turns that stay. */
  readonly forgottenAttachmentIds: readonly string[];
}

/**
 * Plans how to bring the cache to where these turns can be appended: what is not wanted goes, and if the additions do
 * not fit below the high-water mark the oldest goes too. What is sent follows this plan, and the cost of a message that
 * is still being typed is told by it.
 *
 * @param replies contents of turns that come back from the transcript
 * @param left tokens of a stopped reply that were sampled but not evaluated
 * @throws DaylongError `window-too-small`
 */
export function planRoom(
  planner: CachePlanner,
  limits: EvictionLimits,
  wanted: readonly CachedTurn[],
  prompt: boolean,
  live: CachedTurn | undefined,
  replies: readonly TurnPart[],
  left: readonly Addition[],
): RoomPlan {
  let turns = [...wanted];
  let trims: ReadonlyMap<string, number> = new Map();
  let plan = withReplies(planner.plan(turns, prompt), replies, left);
  const forgottenAttachmentIds: string[] = [];
  for (;;) {
    const eviction = planEviction(groupByTurn(turns, plan, live), sizeOfKept(plan), neededBy(plan), limits);
    if (eviction === undefined) break;
    trims = eviction.trims;
    if (eviction.turnIds.length + eviction.attachmentIds.length === 0) break;
    turns = forget(turns, eviction.turnIds, eviction.attachmentIds);
    forgottenAttachmentIds.push(...eviction.attachmentIds);
    plan = withReplies(planner.plan(turns, prompt), replies, left);
  }
  const used = sizeOfKept(plan) - sum([...trims.values()]);
  const rest = leaveOut(plan.additions, used + neededBy(plan) - limits.highWater, limits);
  return { kept: plan.kept, trims, ...rest, turnIds: turns.map(({ turnId }) => turnId), forgottenAttachmentIds };
}

/** Brings the cache to where these turns can be appended ({@link planRoom}): all that goes is erased in one call. */
export async function prepare(
  cache: Cache,
  planner: CachePlanner,
  limits: EvictionLimits,
  wanted: readonly CachedTurn[],
  ...rest: [prompt: boolean, live: CachedTurn | undefined, replies: readonly TurnPart[], left: readonly Addition[]]
): Promise<RoomResult> {
  const plan = planRoom(planner, limits, wanted, ...rest);
  const { kept, trims, additions, omissions, omitted } = plan;
  const turns = wanted.filter(({ turnId }) => plan.turnIds.includes(turnId));
  for (const turn of turns) turn.parts = withoutAttachments(turn, new Set(plan.forgottenAttachmentIds));
  for (const [segment, count] of omissions) segment.dropped += count;
  await cache.keep(kept, trims, false);
  const opening = additions
    .filter((addition) => addition.segment.kind === "open")
    .map((addition) => addition.segment.key);
  const cached = kept.slice(kept.findLastIndex((segment) => segment.kind !== "open") + 1);
  return { turns, additions, omitted, opening: cached.map((segment) => segment.key).join("") + opening.join("") };
}

/**
 * Makes room for one more token in the middle of a reply: everything of the live turn stays as it is, but for its
 * oldest content when nothing else is left. Undefined: there is room already.
 */
export async function makeRoomForReply(
  cache: Cache,
  planner: CachePlanner,
  limits: EvictionLimits,
  current: readonly CachedTurn[],
  live: CachedTurn,
): Promise<{ turns: CachedTurn[]; freed: number } | undefined> {
  if (cache.length < limits.highWater) return undefined;
  const asked: CachedTurn = { ...live, phase: "asked" };
  const byTurn = current.map((turn) => ({
    turnId: turn.turnId,
    pinned: turn.pinned && turn !== live,
    live: turn === live,
    segments: cache.segments.filter((segment) => segment.turnId === turn.turnId),
  }));
  const eviction = planEviction(byTurn, cache.length, 1, limits);
  if (eviction === undefined) return undefined;
  const gone = new Set(eviction.turnIds);
  const turns = current.filter((turn) => !gone.has(turn.turnId));
  for (const turn of turns) turn.parts = withoutAttachments(turn, new Set(eviction.attachmentIds));
  const kept = keptInReply(
    cache,
    planner,
    turns.map((turn) => (turn.turnId === live.turnId ? asked : turn)),
    eviction,
  );
  await cache.keep(kept, eviction.trims, true);
  return { turns, freed: eviction.freed };
}

function keptInReply(
  cache: Cache,
  planner: CachePlanner,
  turns: readonly CachedTurn[],
  eviction: { readonly turnIds: readonly string[]; readonly attachmentIds: readonly string[] },
): readonly Segment[] {
  try {
    const plan = planner.plan(turns, true);
    if (plan.additions.length === 0) return [...plan.kept, ...plan.rest];
  } catch (error) {
    if (!(error instanceof LayoutError)) throw error;
  }
  // The template does not allow an exact cut right now: whole turns go, the next message will put the glue right.
  const gone = new Set<string | undefined>(eviction.turnIds);
  const attachments = new Set(eviction.attachmentIds);
  return cache.segments.filter(
    (segment) => !gone.has(segment.turnId) && (segment.isGlue || !attachments.has(segment.key)),
  );
}

function withReplies(plan: CachePlan, replies: readonly TurnPart[], left: readonly Addition[]): CachePlan {
  const texts = new Map(replies.map((reply) => [reply.id, reply.tokens]));
  const additions = plan.additions.flatMap((addition): Addition[] => {
    const { segment } = addition;
    if (segment.isGlue) return [addition];
    const tokens = texts.get(segment.key);
    const unfinished = left.filter((candidate) => candidate.segment.key === segment.key && !candidate.segment.isGlue);
    return [
      tokens === undefined || addition.again === true ? addition : { ...addition, tokens },
      ...unfinished.map((candidate) => ({ segment, tokens: candidate.tokens })),
    ];
  });
  const tail = plan.kept.at(-1);
  const owed = left.filter((addition) => addition.segment === tail && addition.segment.kind === "reply");
  return { ...plan, additions: [...owed, ...additions] };
}

function groupByTurn(turns: readonly CachedTurn[], plan: CachePlan, live: CachedTurn | undefined): EvictableTurn[] {
  return turns.map((turn) => ({
    turnId: turn.turnId,
    pinned: turn.pinned && turn.turnId !== live?.turnId,
    live: turn.turnId === live?.turnId,
    segments: plan.kept.filter((segment) => segment.turnId === turn.turnId),
  }));
}

/** Copies: the turns themselves are left as they are. */
function forget(turns: CachedTurn[], turnIds: readonly string[], attachmentIds: readonly string[]): CachedTurn[] {
  const gone = new Set(turnIds);
  const attachments = new Set(attachmentIds);
  return turns
    .filter((turn) => !gone.has(turn.turnId))
    .map((turn) => ({ ...turn, parts: withoutAttachments(turn, attachments) }));
}

function withoutAttachments({ parts }: CachedTurn, ids: ReadonlySet<string>): TurnPart[] {
  return parts.filter((part) => !ids.has(part.id));
}

/** Cuts the oldest content of a message that can never fit: attachments first, then text. */
function leaveOut(
  additions: readonly Addition[],
  excess: number,
  limits: EvictionLimits,
): Pick<RoomPlan, "additions" | "omissions" | "omitted"> {
  if (excess <= 0) return { additions, omissions: [], omitted: 0 };
  const order = ["attachment", "text", "reply"];
  let left = excess + (limits.highWater - limits.lowWater);
  const cuts = new Map<Addition, number>();
  for (const kind of order) {
    for (const addition of additions.filter((candidate) => candidate.segment.kind === kind)) {
      const count = Math.min(left, addition.tokens.length);
      cuts.set(addition, count);
      left -= count;
    }
  }
  const omitted = sum([...cuts.values()]);
  if (left > limits.highWater - limits.lowWater) {
    throw new DaylongError(
      "window-too-small",
      "The window is too small for this message beside what is pinned. Unpin a turn, or choose a larger window.",
    );
  }
  return {
    omitted,
    omissions: [...cuts].map(([{ segment }, count]) => [segment, count] as const),
    additions: additions.map((addition) => {
      const count = cuts.get(addition) ?? 0;
      return count === 0 ? addition : { ...addition, tokens: addition.tokens.slice(count) };
    }),
  };
}

function sizeOfKept(plan: CachePlan): number {
  return sizeOf(plan.kept.map((segment) => segment.tokens));
}

function neededBy(plan: CachePlan): number {
  return sizeOf(plan.additions.map((addition) => addition.tokens));
}

function sizeOf(lists: readonly (readonly unknown[])[]): number {
  return sum(lists.map((list) => list.length));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
