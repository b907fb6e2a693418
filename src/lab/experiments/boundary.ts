import { median } from "../../base/statistics.ts";
import { chatText, type ChatText } from "../chatText.ts";
import { demoModel, requireStreaming, windowFor } from "../defaults.ts";
import type { Experiment, Findings, LabContext } from "../experiment.ts";
import { LabModel } from "../labModel.ts";
import { measurePolicies, type Measured } from "../measurePolicies.ts";
import { modelCard } from "../modelCard.ts";
import { marginOf, mean } from "../perplexity.ts";
import { boundaryStreaming, recomputation, streaming } from "../policies.ts";
import type { CachePolicy } from "../policy.ts";
import { positionsBehind } from "../scoredPositions.ts";
import { affordableSize } from "../textSize.ts";

const names = ["anywhere", "at message boundaries", "at whole turns"] as const;

export const boundary: Experiment = {
  name: "boundary",
  title: "Where an eviction ends: anywhere, at a message, at a whole turn (G)",
  what: "perplexity of a chat by where evictions end, the same share freed each time",
  flags: {
    window: "cells",
    tokens: "of each conversation",
    every: "which n-th token behind the first window is scored",
    seeds: "conversations",
    minutes: "time to fit into",
  },
  suitsAnyModel: true,
  run,
};

/** Of one conversation: by policy, mean losses (nats) at all scored positions and at those in replies. */
interface Conversation {
  readonly all: readonly number[];
  readonly replies: readonly number[];
  readonly positions: number;
  readonly replyPositions: number;
}

async function run(context: LabContext): Promise<Findings> {
  const model = await LabModel.open(context.modelPath ?? demoModel, context.threads);
  try {
    const window = context.number("window", windowFor(model, context.quick ? 256 : 512));
    requireStreaming(model, window);
    const seeds = context.number("seeds", context.quick ? 3 : 8);
    const size = await affordableSize(
      context,
      model,
      window,
      { length: context.number("tokens", window * (context.quick ? 6 : 12)), every: context.number("every", 8) },
      { blocks: names.length * seeds, singles: 0, recomputations: seeds },
    );
    const conversations: Conversation[] = [];
    let head = 0;
    for (let index = 0; index < seeds; index++) {
      const chat = chatText(model, size.length, context.seed + index);
      head = chat.head;
      const text = { ...chat, tokens: chat.tokens.slice(0, size.length) };
      conversations.push(
        await measure(model, text, window, size.every, {
          progress: (fraction, what) =>
            context.progress((index + fraction) / seeds, `conversation ${index + 1}: ${what}`),
        }),
      );
    }
    return {
      ...report(conversations, head),
      model: modelCard(model),
      text: { source: "generated conversations in the model's own template", tokens: seeds * size.length },
      settings: {
        window,
        head,
        forgottenAtATime: chunkOf(window, head),
        conversations: seeds,
        everyNthTokenScored: size.every,
      },
      raw: conversations,
    };
  } finally {
    await model.dispose();
  }
}

function chunkOf(window: number, head: number): number {
  return Math.max(1, Math.floor((window - head) / 4));
}

async function measure(
  model: LabModel,
  chat: ChatText,
  window: number,
  every: number,
  context: Pick<LabContext, "progress">,
): Promise<Conversation> {
  const { tokens, head, messageStarts, turnStarts, replies } = chat;
  const chunk = chunkOf(window, head);
  const policies: CachePolicy[] = [
    recomputation(window, head),
    streaming(head, window, chunk),
    boundaryStreaming(names[1], head, window, chunk, messageStarts),
    boundaryStreaming(names[2], head, window, chunk, turnStarts),
  ];
  const scored = positionsBehind(window, tokens.length, every);
  const results = await measurePolicies(
    model,
    policies.map((policy) => ({ policy, cells: window })),
    { tokens, scored },
    context,
  );
  const inReply = scored.map((position) => replies.some(({ start, end }) => position >= start && position < end));
  const replyLosses = ({ losses }: Measured): Float64Array => losses.filter((_, at) => inReply[at] === true);
  return {
    all: results.map(({ losses }) => mean(losses)),
    replies: results.map((result) => mean(replyLosses(result))),
    positions: scored.length,
    replyPositions: inReply.filter(Boolean).length,
  };
}

function report(conversations: readonly Conversation[], head: number): Pick<Findings, "tables" | "plots" | "remarks"> {
  /** By conversation: losses of a policy less those of re-computation (policy 0), or of another. */
  const gains = (kind: "all" | "replies", policy: number, reference: number): number[] =>
    conversations.map(({ [kind]: losses }) => (losses[policy] ?? Number.NaN) - (losses[reference] ?? Number.NaN));
  const positions = conversations.reduce((sum, each) => sum + each.positions, 0);
  const replyPositions = conversations.reduce((sum, each) => sum + each.replyPositions, 0);
  const columnsFor = (kind: "all" | "replies", policy: number): (number | null)[] => {
    const ratios = gains(kind, policy, 0).map(Math.exp);
    return [
      Math.exp(mean(conversations.map(({ [kind]: losses }) => losses[policy] ?? Number.NaN))),
      median(ratios),
      Math.min(...ratios),
      Math.max(...ratios),
    ];
  };
  return {
    tables: [
      {
        title: `${conversations.length} conversations, ${positions} positions, ${replyPositions} of them in replies`,
        columns: [
          { name: "evictions end" },
          { name: "perplexity of replies" },
          { name: "replies over re-computation, median" },
          { name: "least" },
          { name: "most" },
          { name: "perplexity of all" },
          { name: "all over re-computation, median" },
          { name: "least of all" },
          { name: "most of all" },
        ],
        rows: ["(re-computation)", ...names].map((name, policy) => [
          name,
          ...columnsFor("replies", policy),
          ...columnsFor("all", policy),
        ]),
      },
    ],
    plots: [
      {
        kind: "bar",
        name: "by-boundary",
        title: "Perplexity over that of re-computation, median of the conversations",
        y: { label: "ratio" },
        groups: [...names],
        series: (["replies", "all"] as const).map((kind) => ({
          name: kind === "all" ? "all tokens" : "tokens of replies",
          values: names.map((_, at) => median(gains(kind, at + 1, 0).map(Math.exp))),
        })),
      },
    ],
    remarks: [
      `Re-computation keeps the same head as all others: the system prompt, ${head} tokens.`,
      ...names.slice(1).map((name, at) => {
        const difference = gains("replies", at + 2, 1);
        const ratio = Math.exp(mean(difference));
        const margin = ratio * (Math.exp(marginOf(difference)) - 1);
        const seen = Math.abs(ratio - 1) > margin ? "" : ": no difference is seen";
        return `Replies, evictions ${name} over anywhere: ${ratio.toFixed(4)} ± ${margin.toFixed(4)} (95 %, over conversations)${seen}.`;
      }),
    ],
  };
}
