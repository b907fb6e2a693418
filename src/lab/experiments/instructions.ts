import { quantile } from "../../base/statistics.ts";
import { LlamaEngine } from "../../engine/worker/llamaEngine.ts";
import { demoModel } from "../defaults.ts";
import type { Experiment, Findings, LabContext } from "../experiment.ts";
import { LabCells } from "../labCells.ts";
import type { Figure } from "../labResult.ts";
import { modelCard } from "../modelCard.ts";
import { comparedTokens, probeConversation, type Probed } from "../probeConversation.ts";
import { inPercent, proportion } from "../proportion.ts";
import { demoRules, instructedRules } from "../ruledTalk.ts";
import { TimeBudget } from "../timeBudget.ts";

/** Evictions after which the conversation is probed. */
const probedAt = [0, 10, 100];
/** A difference of two shares that is worth a word. */
const notable = 0.1;
/** Turns before the first probe: nothing is forgotten yet. */
const firstTurns = 2;
const contextSize = 512;
/** Tokens. */
const replyTokens = { demo: 60, own: 48 };
const answerTokens = 24;

export const instructions: Experiment = {
  name: "instructions",
  title: "Instructions in the system prompt after many evictions, beside re-computation",
  what: "asked for in the product's own conversation, at 0, 10 and 100 evictions",
  flags: {
    conversations: "how many",
    evictions: "after how many of them is asked: N,N,…",
    minutes: "how long it may take (with a model of your own, or --quick)",
  },
  suitsAnyModel: true,
  run,
};

interface ProbedAt extends Probed {
  readonly evictions: number;
  readonly conversation: number;
}

async function run(context: LabContext): Promise<Findings> {
  const budget = new TimeBudget(context);
  const own = context.modelPath !== undefined;
  const conversations = context.number("conversations", context.quick ? 3 : 12);
  const evictions = context.numbers("evictions", probedAt);
  const most = Math.max(...evictions);
  const engine = new LlamaEngine(() => undefined);
  const modelPath = context.modelPath ?? demoModel;
  const probed: ProbedAt[] = [];
  try {
    let card: Findings["model"] | undefined;
    let read = 0;
    for (let conversation = 0; conversation < conversations && !budget.isSpent(); conversation++) {
      const seed = 1000 * context.seed + conversation;
      const talk = own ? instructedRules(seed) : demoRules(seed);
      const { threads } = context;
      const options = { modelPath, contextSize, systemPrompt: talk.systemPrompt, gpu: false as const, threads };
      const { verdict } = await engine.load(options);
      const { model } = engine.opened.runtime;
      card ??= modelCard({ model, path: modelPath, verdict, trainedContext: verdict.trainedContext });
      const freshContext = await model.createContext({ contextSize, sequences: 1, threads });
      const fresh = new LabCells(freshContext, () => freshContext.dispose());
      const left = [...evictions].sort((one, other) => one - other);
      for (let turn = 0, shifts = 0; left.length > 0; turn++) {
        await context.progress(
          budget.used(conversation + shifts / Math.max(1, most), conversations),
          `conversation ${conversation + 1}, ${shifts} evictions`,
        );
        const due = left[0] ?? 0;
        if (turn >= firstTurns && shifts >= due) {
          for (const [index, probe] of talk.probes.entries()) {
            const id = `probe.${due}.${index}`;
            const found = await probeConversation(engine, fresh, id, probe, answerTokens);
            probed.push({ ...found, evictions: due, conversation });
          }
          left.shift();
        }
        if (budget.isSpent()) break;
        const message = {
          turnId: `t${turn}`,
          parts: [{ id: `t${turn}.text`, kind: "text" as const, text: talk.next() }],
        };
        const maxTokens = own ? replyTokens.own : replyTokens.demo;
        const result = await engine.send(message, { sampling: { temperature: 0, maxTokens } });
        shifts = result.cache.counters.shifts;
      }
      read += engine.opened.conversation.cache.appended;
      await fresh.dispose();
    }
    if (card === undefined) throw new Error("there was no conversation to measure");
    return {
      ...report(probed, evictions),
      model: card,
      text: { source: "conversations, generated; the replies are the model's", tokens: read },
      settings: { window: contextSize, conversations, answerTokens, comparedTokens, seed: context.seed },
    };
  } finally {
    await engine.close();
    engine.dispose();
  }
}

function report(
  probed: readonly ProbedAt[],
  evictions: readonly number[],
): Pick<Findings, "claims" | "tables" | "plots" | "remarks" | "raw"> {
  const rows = evictions.map((count) => {
    const own = probed.filter((probe) => probe.evictions === count);
    const same = own.flatMap(({ sameTokens }) => sameTokens);
    const divergences = own.flatMap((probe) => probe.divergences);
    return {
      count,
      followed: proportion(own.filter(({ followed }) => followed).length, own.length),
      anew: proportion(own.filter(({ followedAnew }) => followedAnew).length, own.length),
      same: proportion(same.filter(Boolean).length, same.length),
      divergences,
    };
  });
  const remarks = rows.map(({ count, followed, anew, same }) =>
    followed.samples === 0
      ? `${count} evictions were not reached in the time given.`
      : `After ${count} evictions ${inPercent(followed) ?? ""} % of ${followed.samples} answers follow the system prompt, ` +
        `by re-computation ${inPercent(anew) ?? ""} %; ${inPercent(same) ?? ""} % of the compared tokens are the same.`,
  );
  const measured = rows.filter(({ followed }) => followed.samples > 0);
  const [first, last] = [measured[0], measured.at(-1)];
  if (first !== undefined && last !== undefined && last.anew.share < first.anew.share - notable) {
    const isAlike = Math.abs(last.followed.share - last.anew.share) <= notable;
    if (isAlike)
      remarks.push("By re-computation as much is lost: it is not the evictions that cost this model its answers.");
  }
  return {
    claims:
      last === undefined
        ? []
        : [
            {
              claim: `What stands in the system prompt is followed after ${last.count} evictions (%)`,
              target: "as by re-computation",
              figure: `${inPercent(last.followed) ?? "–"} beside ${inPercent(last.anew) ?? "–"}`,
              // A model that follows nothing has nothing to forget.
              met: last.anew.share === 0 ? null : last.followed.share >= last.anew.low,
            },
          ],
    tables: [
      {
        title: "What stands in the system prompt, asked for in side questions, in per cent (95 % interval)",
        columns: [
          { name: "evictions", digits: 9 },
          { name: "questions", digits: 9 },
          { name: "followed, streaming" },
          { name: "followed, re-computation" },
          { name: `same likeliest token (first ${comparedTokens})` },
          { name: "KL, median (nats)", digits: 2 },
          { name: "KL, 90 % below (nats)", digits: 2 },
        ],
        rows: rows.map(({ count, followed, anew, same, divergences }): Figure[] => [
          count,
          followed.samples,
          inPercent(followed),
          inPercent(anew),
          inPercent(same),
          divergences.length === 0 ? null : quantile(divergences, 0.5),
          divergences.length === 0 ? null : quantile(divergences, 0.9),
        ]),
      },
    ],
    plots: [
      {
        kind: "bar",
        name: "followed",
        title: "Answers that follow the system prompt",
        y: { label: "answers (%)" },
        groups: rows.map(({ count }) => `${count} evictions`),
        series: [
          { name: "streaming", values: rows.map(({ followed }) => percent(followed.share)) },
          { name: "re-computation", values: rows.map(({ anew }) => percent(anew.share)) },
        ],
      },
    ],
    remarks,
    raw: {
      probes: probed.map(({ evictions: count, conversation, followed, followedAnew, divergences, sameTokens }) => ({
        evictions: count,
        conversation,
        followed,
        followedAnew,
        same: sameTokens.filter(Boolean).length,
        divergences: divergences.map((value) => Number(value.toPrecision(3))),
      })),
    },
  };
}

function percent(share: number): number | null {
  return Number.isNaN(share) ? null : 100 * share;
}
