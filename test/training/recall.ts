import type { LlamaContextSequence, LlamaModel } from "node-llama-cpp";
import { quietLlama } from "../fixtures/quietLlama.ts";
import { SeededRandom } from "../fixtures/gguf/randomWeights.ts";
import { factLine, factQuestion, randomFacts, type Fact } from "./text/factLines.ts";

/** Right answers of so many questions, by how many lines back the fact stands; 1 is the line before the question. */
export type RecallFigures = readonly { readonly linesBack: number; readonly right: number; readonly asked: number }[];

/** Lines before each question; with the question about 190 tokens. */
const factsBefore = 20;
const distances = [1, 2, 4, 8, 16] as const;
const questionsPerDistance = 20;
/** No other seed of the training's texts. */
const seed = 1_000_003;

/** Asks a model for facts that stand in its window; the most probable next token is its answer. */
export async function measureRecall(file: string): Promise<RecallFigures> {
  const llama = await quietLlama();
  try {
    return await recallOf(await llama.loadModel({ modelPath: file, gpuLayers: 0 }));
  } finally {
    await llama.dispose();
  }
}

async function recallOf(model: LlamaModel): Promise<RecallFigures> {
  const context = await model.createContext({ contextSize: 256, threads: 1 });
  const sequence = context.getSequence();
  const random = new SeededRandom(seed);
  const figures = distances.map((linesBack) => ({ linesBack, right: 0, asked: questionsPerDistance }));
  for (const figure of figures) {
    for (let question = 0; question < questionsPerDistance; question++) {
      const facts = randomFacts(factsBefore, random);
      const asked = facts[factsBefore - figure.linesBack]!;
      if (await answers(model, sequence, facts, asked)) figure.right++;
    }
  }
  return figures;
}

async function answers(
  model: LlamaModel,
  sequence: LlamaContextSequence,
  facts: readonly Fact[],
  asked: Fact,
): Promise<boolean> {
  const { bos, shouldPrependBosToken } = model.tokens;
  const tokens = model.tokenize(facts.map(factLine).join("") + factQuestion(asked));
  const prompt = shouldPrependBosToken && bos !== null ? [bos, ...tokens] : tokens;
  await sequence.clearHistory();
  const evaluated = await sequence.controlledEvaluate([
    ...prompt.slice(0, -1),
    [prompt.at(-1)!, { generateNext: { token: true, options: { temperature: 0 } } }],
  ]);
  return evaluated.at(-1)?.next.token === model.tokenize(` ${asked.value}`)[0];
}
