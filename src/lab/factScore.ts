import { LlamaTokenizer } from "../engine/worker/llamaTokenizer.ts";
import { ask } from "./ask.ts";
import { demoFacts, isRightAnswer } from "./factLines.ts";
import { factStream } from "./factStream.ts";
import type { LabModel } from "./labModel.ts";
import { streaming } from "./policies.ts";
import { proportion, type Proportion } from "./proportion.ts";
import { policyReader } from "./textReader.ts";

/** Lines back, among those that small models are trained on, all well within a window of 256 tokens. */
const distances = [2, 4, 6, 8];
const linesBetween = 5;
/** Tokens of a number, and what ends it. */
const answerTokens = 10;

/** StreamEval within the window: lines of facts streamed with some sinks, and questions about lines that are still there. */
export async function factScore(
  model: LabModel,
  { sinks, window, rounds, seed }: { sinks: number; window: number; rounds: number; seed: number },
): Promise<Proportion> {
  const tokenizer = new LlamaTokenizer(model.model);
  const farthest = Math.max(...distances);
  const { tokens, lines } = factStream(demoFacts, tokenizer, farthest + rounds * linesBetween, 2 * farthest, seed);
  const question = Math.max(...lines.map((line) => line.question.length)) + answerTokens;
  const kept = window - question;
  const cells = await model.cells({ contextSize: window + 1 });
  let right = 0;
  let asked = 0;
  try {
    const reader = policyReader(cells, streaming(sinks, kept, Math.floor(kept / 8)), tokens, sinks);
    for (let newest = farthest; newest < lines.length; newest += linesBetween) {
      await reader.readTo(lines[newest]?.end ?? 0);
      for (const distance of distances) {
        const line = lines[newest - distance];
        if (line === undefined || line.start < reader.keptFrom) continue;
        const answer = await ask(cells, tokenizer, line.question, demoFacts.end, answerTokens);
        if (isRightAnswer(demoFacts, answer, line.fact)) right++;
        asked++;
      }
    }
  } finally {
    await cells.dispose();
  }
  return proportion(right, asked);
}
