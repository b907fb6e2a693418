import { SampleRandom } from "./random.ts";

export interface Fact {
  readonly key: string;
  readonly value: string;
}

/** How facts are written and asked for. */
export interface FactFormat {
  readonly name: string;
  /** The key of the fact in this line of the stream; `taken`: keys that must not come again yet. */
  key(line: number, random: SampleRandom, taken: ReadonlySet<string>): string;
  value(random: SampleRandom): string;
  line(fact: Fact): string;
  /** Up to where the answer begins. */
  question(fact: Fact): string;
  /** What ends an answer. */
  readonly end: string;
  /** Share of right answers of who knows nothing and guesses. */
  readonly chance: number;
}

const adjectives = (
  "red blue green dark light quick slow warm cold sharp dull loud quiet big small old new soft hard wild calm deep flat " +
  "rich poor late early fresh dry wet"
).split(" ");
const nouns = (
  "parser server client buffer token cache index socket worker thread module vector matrix editor panel model layer kernel " +
  "stream queue stack table cursor window button folder record packet handle signal"
).split(" ");

/** The words that the demo model and the twins were trained on. */
export const demoWords = { adjectives, nouns };

/** As the demo model was trained: distances of 2 to 10 lines. */
export const demoFacts: FactFormat = {
  name: "the value of <adjective> <noun> is <nn>",
  key(_line, random, taken) {
    for (;;) {
      const key = `${random.pick(adjectives)} ${random.pick(nouns)}`;
      if (!taken.has(key)) return key;
    }
  },
  value: (random) => String(10 + random.below(90)),
  line: ({ key, value }) => `the value of ${key} is ${value}\n`,
  question: ({ key }) => `what is the value of ${key}?`,
  end: "\n",
  chance: 1 / 90,
};

/** As in the paper (section 4.4). The beginning of the answer is given, so that every model answers in the same form. */
export const registerFacts: FactFormat = {
  name: "The REGISTER_CONTENT in line <i> is <n>",
  key: (line) => String(line),
  value: (random) => String(10_000 + random.below(90_000)),
  line: ({ key, value }) => `The REGISTER_CONTENT in line ${key} is <${value}>\n`,
  question: ({ key }) => `What is the REGISTER_CONTENT in line ${key}?\nThe REGISTER_CONTENT in line ${key} is <`,
  end: ">",
  chance: 1 / 90_000,
};

/**
 * Lines of facts.
 *
 * @param reach lines in which no key comes twice
 */
export function factLines(format: FactFormat, count: number, reach: number, seed: number): Fact[] {
  const random = new SampleRandom(seed);
  const facts: Fact[] = [];
  const taken = new Set<string>();
  for (let line = 0; line < count; line++) {
    const key = format.key(line, random, taken);
    taken.add(key);
    facts.push({ key, value: format.value(random) });
    const leaving = facts[line - reach + 1];
    if (leaving !== undefined) taken.delete(leaving.key);
  }
  return facts;
}

/** Exact match of the value, with nothing but blanks around it. */
export function isRightAnswer(format: FactFormat, answer: string, { value }: Fact): boolean {
  const end = answer.indexOf(format.end);
  return (end < 0 ? answer : answer.slice(0, end)).trim() === value;
}
