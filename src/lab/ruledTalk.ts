import { answerAbout, DemoTalk, freshKey, questionAbout } from "./demoTalk.ts";
import { SampleRandom } from "./random.ts";

/** Whether something in the system prompt is still followed. */
export interface Probe {
  readonly question: string;
  readonly isFollowed: (answer: string) => boolean;
}

/** A conversation under instructions, endless. */
export interface RuledTalk {
  readonly systemPrompt: string;
  readonly probes: readonly Probe[];
  /** What the user says next; nothing in it bears on the probes. */
  next(): string;
}

const factCount = 3;

/** The demo model follows no rules, but it answers questions about facts: the system prompt has some. */
export function demoRules(seed: number): RuledTalk {
  const random = new SampleRandom(seed);
  const facts = new Map<string, string>();
  while (facts.size < factCount) {
    facts.set(freshKey(random, new Set(facts.keys())), String(10 + random.below(90)));
  }
  const talk = new DemoTalk(random, new Set(facts.keys()));
  const sentences = [...facts].map(([key, value]) => answerAbout(key, value));
  return {
    systemPrompt: ["You are a coding assistant.", ...sentences].join("\n"),
    probes: [...facts].map(([key, value]) => ({
      question: questionAbout(key),
      isFollowed: (answer) => answer.trim() === answerAbout(key, value),
    })),
    next: () => talk.next().user,
  };
}

const opening = "Daylong:";
const topics = [
  "arrays",
  "maps",
  "promises",
  "closures",
  "generators",
  "regular expressions",
  "recursion",
  "sorting",
  "hash tables",
  "linked lists",
  "file paths",
  "character encodings",
  "HTTP headers",
  "unit tests",
  "type inference",
  "binary search",
];

/** For every other model: a rule that is seen in the first words of an answer, so that probing costs little. */
export function instructedRules(seed: number): RuledTalk {
  const random = new SampleRandom(seed);
  const ask = (): string => `Tell me something about ${random.pick(topics)} that programmers often get wrong.`;
  return {
    systemPrompt: `You are a coding assistant. Begin every answer with the word "${opening}".`,
    probes: ["What does the keyword const mean?", "What is a stack?", "What is a loop?"].map((question) => ({
      question,
      isFollowed: (answer) => answer.trimStart().startsWith(opening),
    })),
    next: ask,
  };
}
