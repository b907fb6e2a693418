import type { SeededRandom } from "../../fixtures/gguf/randomWeights.ts";
import { adjectives, nouns } from "./words.ts";

export interface Fact {
  readonly key: string;
  readonly value: string;
}

/** The line that states a fact. */
export function factLine({ key, value }: Fact): string {
  return `the value of ${key} is ${value}\n`;
}

/** The line that asks for a fact, up to its answer, which is a space and the value. */
export function factQuestion({ key }: Fact): string {
  return `what is the value of ${key}?`;
}

/** So many facts with different keys, and values of two digits. */
export function randomFacts(count: number, random: SeededRandom, keys: "nouns" | "pairs" = "pairs"): Fact[] {
  const facts = new Map<string, Fact>();
  while (facts.size < count) {
    const noun = pick(nouns, random);
    const key = `${pick(adjectives, random)} ${noun}`;
    const unique = keys === "nouns" ? noun : key;
    if (!facts.has(unique)) facts.set(unique, { key, value: String(10 + random.below(90)) });
  }
  return [...facts.values()];
}

/**
 * Facts, and questions about facts that stand a random number of lines back, in the manner of StreamEval (Xiao et al.,
 * section 4.5). In every other document no noun occurs in two keys, which is easier to learn.
 */
export function factDocument(random: SeededRandom): string {
  const facts = randomFacts(6 + random.below(10), random, random.below(2) === 0 ? "nouns" : "pairs");
  return withQuestions(facts, random, factLine, (fact) => `${factQuestion(fact)} ${fact.value}\n`);
}

/**
 * Names with numbers, again and again: rows of a table in any order, or a whole list. The plainest thing to be learned by
 * looking back.
 */
export function tableDocument(random: SeededRandom): string {
  const facts = randomFacts(6 + random.below(10), random, "nouns");
  const row = ({ key, value }: Fact): string => `${key.split(" ")[1] ?? ""} ${value}`;
  if (random.below(2) === 0) return `- ${facts.map(row).join(" ")}\n`.repeat(2 + random.below(4));
  const line = (fact: Fact): string => `- ${row(fact)}\n`;
  return withQuestions(facts, random, line, line);
}

function withQuestions(
  facts: readonly Fact[],
  random: SeededRandom,
  statement: (fact: Fact) => string,
  question: (fact: Fact) => string,
): string {
  let text = "";
  for (const [index, fact] of facts.entries()) {
    text += statement(fact);
    for (let questions = random.below(3); questions > 0; questions--) text += question(facts[random.below(index + 1)]!);
  }
  return text;
}

export function pick<T>(from: readonly T[], random: SeededRandom): T {
  return from[random.below(from.length)]!;
}
