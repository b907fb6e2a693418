import type { Token } from "../conversation/tokenSequence.ts";
import type { LlamaEngine } from "../engine/worker/llamaEngine.ts";
import { divergence, likeliest } from "./likelihood.ts";
import { LabCells } from "./labCells.ts";
import type { Probe } from "./ruledTalk.ts";

/** What a probe found, beside a fresh evaluation of the same tokens. */
export interface Probed {
  /** Whether the product's own answer (a side question) follows the instructions. */
  readonly followed: boolean;
  /** The same for the fresh evaluation. */
  readonly followedAnew: boolean;
  /** For each token of the fresh evaluation's answer: nats, and whether the likeliest token is the same. */
  readonly divergences: readonly number[];
  readonly sameTokens: readonly boolean[];
}

/** Tokens of an answer that are compared. */
export const comparedTokens = 8;

/**
 * Asks as a side question, which leaves no trace; then what is in the window is evaluated anew in other cells, and the first
 * tokens of the answer are compared.
 *
 * @param fresh empty cells of the same size
 * @param most tokens of an answer
 */
export async function probeConversation(
  engine: LlamaEngine,
  fresh: LabCells,
  id: string,
  { question, isFollowed }: Probe,
  most: number,
): Promise<Probed> {
  const { sequence, runtime, cells, tokenizer } = engine.opened;
  let seen: readonly Token[] = [];
  const listener = engine.onDidEmit((event) => {
    if (event.type === "text" && event.id === id && seen.length === 0) seen = [...sequence.tokens];
  });
  const answer = await engine.detour(id, question, { sampling: { temperature: 0, maxTokens: most } });
  listener.dispose();
  const kept = [...sequence.tokens];
  const prompt = seen.slice(kept.length, kept.length + answer.promptTokens);
  if (prompt.length === 0) throw new Error("the model gave no answer to compare");

  await fresh.clear();
  await fresh.append(kept);
  const anew: Token[] = [];
  const expected = [await fresh.predict(prompt)];
  while (anew.length < most) {
    const token = likeliest(expected.at(-1) ?? new Float64Array(0));
    if (runtime.model.isEogToken(token as Parameters<typeof runtime.model.isEogToken>[0])) break;
    anew.push(token);
    expected.push(await fresh.predict([token]));
  }
  const own = new LabCells(runtime.context, () => Promise.resolve(), cells);
  const divergences: number[] = [];
  const sameTokens: boolean[] = [];
  for (const [index, distribution] of expected.slice(0, comparedTokens).entries()) {
    const token = anew[index - 1];
    const found = await own.predict(index === 0 ? prompt : token === undefined ? [] : [token]);
    divergences.push(divergence(distribution, found));
    sameTokens.push(likeliest(distribution) === likeliest(found));
  }
  await own.erase([{ start: kept.length, end: own.length }]);
  return {
    followed: isFollowed(answer.text),
    followedAnew: isFollowed(tokenizer.decode(anew, [], false)),
    divergences,
    sameTokens,
  };
}
