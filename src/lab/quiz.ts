import type { SampleRandom } from "./random.ts";

/** A question with four options, of which one is right. */
export interface QuizQuestion {
  readonly kind: "arithmetic" | "order" | "words";
  readonly text: string;
  readonly options: readonly string[];
  /** Index of the right option. */
  readonly right: number;
}

export const letters = ["A", "B", "C", "D"] as const;

/** Words by what they are; each is in one list only. */
const categories: Readonly<Record<string, readonly string[]>> = {
  animal: ["horse", "eagle", "salmon", "rabbit", "spider", "tiger", "sheep", "frog"],
  fruit: ["apple", "banana", "cherry", "grape", "lemon", "peach", "plum", "pear"],
  tool: ["hammer", "saw", "drill", "wrench", "screwdriver", "chisel", "pliers", "shovel"],
  color: ["red", "green", "blue", "yellow", "purple", "brown", "white", "black"],
  vehicle: ["truck", "bicycle", "train", "tractor", "airplane", "bus", "ship", "tram"],
  instrument: ["piano", "violin", "trumpet", "drum", "flute", "guitar", "harp", "cello"],
};

/** Questions that need no knowledge but of numbers and everyday words, in the form of ARC's (four options). */
export function quizQuestion(random: SampleRandom): QuizQuestion {
  switch (random.below(3)) {
    case 0:
      return arithmetic(random);
    case 1:
      return order(random);
    default:
      return words(random);
  }
}

/** As a text up to where the letter of the answer comes. */
export function quizText({ text, options }: QuizQuestion): string {
  const lines = options.map((option, index) => `${letters[index] ?? ""}. ${option}\n`);
  return `Question: ${text}\n${lines.join("")}Answer:`;
}

function arithmetic(random: SampleRandom): QuizQuestion {
  const [left, right] = [2 + random.below(30), 2 + random.below(30)];
  const [sign, value] = random.pick([
    ["+", left + right],
    ["-", left - right],
  ] as const);
  const near = random.shuffled([-10, -3, -2, -1, 1, 2, 3, 10]).slice(0, 3);
  return asked(
    "arithmetic",
    `What is ${left} ${sign} ${right}?`,
    String(value),
    near.map((by) => String(value + by)),
    random,
  );
}

function order(random: SampleRandom): QuizQuestion {
  const numbers = random.shuffled(Array.from({ length: 90 }, (_, index) => index + 10)).slice(0, 4);
  const isLargest = random.below(2) === 0;
  const value = isLargest ? Math.max(...numbers) : Math.min(...numbers);
  const others = numbers.filter((number) => number !== value).map(String);
  return asked("order", `Which number is the ${isLargest ? "largest" : "smallest"}?`, String(value), others, random);
}

function words(random: SampleRandom): QuizQuestion {
  const [wanted, ...others] = random.shuffled(Object.keys(categories)).slice(0, 4);
  const word = (category: string | undefined): string => random.pick(categories[category ?? ""] ?? []);
  const article = /^[aeiou]/.test(wanted ?? "") ? "an" : "a";
  return asked("words", `Which word names ${article} ${wanted ?? ""}?`, word(wanted), others.map(word), random);
}

function asked(
  kind: QuizQuestion["kind"],
  text: string,
  right: string,
  wrong: readonly string[],
  random: SampleRandom,
): QuizQuestion {
  const options = random.shuffled([right, ...wrong]);
  return { kind, text, options, right: options.indexOf(right) };
}
