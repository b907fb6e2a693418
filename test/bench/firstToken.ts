// Time to the first token with a full window: ours beside node-llama-cpp's LlamaChatSession, in turn, in one process, on the
// same weights, with 100 new prompt tokens a turn. When its window is full, LlamaChatSession shortens the history as text
// and evaluates most of it again; the ratio of the tokens handed to the decoder is the best that a ratio of times can be.
// Beside it a bound by work: a token at the end of a full window looks back on more than one that is read again from the
// beginning, and the bare library's own times say how much more it costs.
import { LlamaChatSession, type LlamaContext } from "node-llama-cpp";
import { LlamaEngine } from "../../src/engine/worker/llamaEngine.ts";
import { NativeCells } from "../fixtures/engine/nativeCells.ts";
import type { BenchContext } from "./bench.ts";
import { benchModel } from "./benchModel.ts";
import { measureReadingCosts, type ReadingCost } from "./readingCost.ts";
import { figuresOf, type FirstTokenFigures, type FirstTokenTurn, type Sample } from "./firstTokenFigures.ts";

const promptTokens = 100;
const replyTokens = 4;
const systemPrompt = "You are a coding assistant. Answer briefly, and show code where it helps.";

/** What is kept in the JSON file for each window, to go on from. */
interface Kept {
  readonly costs: readonly ReadingCost[];
  readonly all: readonly FirstTokenTurn[];
}

/** A side that takes a message and says when the first token was there. */
interface Side {
  send(text: string): Promise<number>;
  readonly cells: NativeCells;
}

export async function run(context: BenchContext): Promise<unknown> {
  const { quick } = context;
  const turns = context.number("turns", quick ? 10 : 100);
  const contexts = context.numbers("contexts", quick ? [1024] : [1024, 2048, 4096]);
  const threads = context.number("threads", 1);
  const before = (context.before ?? {}) as Readonly<Record<string, Kept>>;
  let results: Record<string, Kept & FirstTokenFigures> = {};
  for (const [size, { all, costs }] of Object.entries(before)) results[size] = { ...figuresOf(all, costs), costs, all };
  for (const contextSize of contexts) {
    const known = results[contextSize] ?? { all: [], costs: [] };
    await measure(context, contextSize, threads, turns - known.all.length, (added, measured) => {
      const all = [...known.all, ...added];
      const costs = known.all.length > 0 ? known.costs : measured;
      results = { ...results, [contextSize]: { ...figuresOf(all, costs), costs, all } };
      context.keep(results);
    });
    const { all, ...figures } = results[contextSize] ?? { all: [] };
    context.print({ contextSize, threads, ...figures, measured: all.length });
  }
  return results;
}

async function measure(
  context: BenchContext,
  contextSize: number,
  threads: number,
  turns: number,
  report: (added: readonly FirstTokenTurn[], costs: readonly ReadingCost[]) => void,
): Promise<void> {
  if (turns <= 0) return;
  const modelPath = benchModel(context.quick ? "quick" : "full");
  const engine = new LlamaEngine(() => undefined);
  await engine.load({ modelPath, contextSize, systemPrompt, gpu: false, threads });
  const { runtime } = engine.opened;
  const { flashAttention, batchSize } = runtime.context;
  const options = { contextSize, threads, flashAttention, batchSize };
  const costs = await measureReadingCosts(runtime.model, options, [promptTokens, Math.min(batchSize, contextSize / 4)]);
  const theirContext = await runtime.model.createContext(options);
  try {
    const [ours, theirs] = [ourSide(engine), theirSide(theirContext)];
    const added: FirstTokenTurn[] = [];
    for (let turn = 0; added.length < turns; turn++) {
      await context.turn();
      const text = messageText(turn);
      const first = turn % 2 === 0 ? ours : theirs;
      const samples = new Map<Side, Sample>();
      for (const side of [first, first === ours ? theirs : ours]) samples.set(side, await sample(side, text));
      const [own, other] = [samples.get(ours), samples.get(theirs)];
      // Only a full window counts: from the first eviction on, which both have behind them then.
      const full = (turn + 1) * (promptTokens + replyTokens) > contextSize;
      if (!full || own === undefined || other === undefined) continue;
      added.push({ ours: own, theirs: other });
      report(added, costs);
    }
  } finally {
    await theirContext.dispose();
    await engine.close();
  }
}

async function sample(side: Side, text: string): Promise<Sample> {
  const before = side.cells.decoded;
  const cpu = process.cpuUsage();
  const milliseconds = await side.send(text);
  const { user, system } = process.cpuUsage(cpu);
  // Of the reply all but the last token are evaluated after the first one was there.
  return {
    milliseconds,
    tokens: side.cells.decoded - before - (replyTokens - 1),
    cells: side.cells.length - (replyTokens - 1),
    cpuMilliseconds: (user + system) / 1000,
  };
}

function ourSide(engine: LlamaEngine): Side {
  let turns = 0;
  const options = { sampling: { temperature: 0, maxTokens: replyTokens } };
  return {
    cells: new NativeCells(engine.opened.runtime.context),
    send: async (text) => {
      const turnId = `turn.${++turns}`;
      const { timeToFirstTokenMs } = await engine.send(
        { turnId, parts: [{ id: `${turnId}.text`, kind: "text", text }] },
        options,
      );
      return timeToFirstTokenMs;
    },
  };
}

function theirSide(context: LlamaContext): Side {
  const cells = new NativeCells(context);
  const session = new LlamaChatSession({ contextSequence: context.getSequence(), systemPrompt });
  return {
    cells,
    send: async (text) => {
      const start = performance.now();
      let first = NaN;
      const onToken = (): void => {
        if (Number.isNaN(first)) first = performance.now() - start;
      };
      await session.prompt(text, { temperature: 0, maxTokens: replyTokens, onToken });
      return first;
    },
  };
}

/** Marks of the template, its words and line breaks, and the last token of the reply before, which is evaluated now. */
const glueTokens = 22;

/** Other text for each turn. A character is a token of this model, except "th". */
function messageText(turn: number): string {
  const words = `turn ${turn}: what does my function give back when its list is empty, and is it for good? `;
  return words.repeat(2).slice(0, promptTokens - glueTokens);
}
