import { demoWords } from "./factLines.ts";
import type { SampleRandom } from "./random.ts";

export interface Exchange {
  readonly user: string;
  readonly assistant: string;
}

const verbs = "open close parse read write send load save merge split sort map trim join scan".split(" ");

/** What the demo model was trained to say: facts to remember, questions about them, functions to write and to explain. */
export class DemoTalk {
  /** What was said to be remembered, oldest first. */
  private readonly told: { readonly key: string; readonly value: string }[] = [];

  /** @param reserved keys that are never talked about */
  constructor(
    private readonly random: SampleRandom,
    private readonly reserved: ReadonlySet<string> = new Set(),
  ) {}

  next(): Exchange {
    const draw = this.random.next();
    if (draw < 0.35 || this.told.length === 0) return this.remember();
    if (draw < 0.7) return this.recall();
    return draw < 0.9 ? writeFunction(this.random) : explainFunction(this.random);
  }

  private remember(): Exchange {
    const key = freshKey(this.random, new Set([...this.reserved, ...this.told.map((fact) => fact.key)]));
    const value = String(10 + this.random.below(90));
    this.told.push({ key, value });
    if (this.told.length > 4) this.told.shift();
    const user = this.random.pick([`Remember that the ${key} is ${value}.`, `Note: the ${key} is ${value}.`]);
    return { user, assistant: `Noted: the ${key} is ${value}.` };
  }

  private recall(): Exchange {
    const { key, value } = this.random.pick(this.told);
    return { user: questionAbout(key), assistant: answerAbout(key, value) };
  }
}

export function questionAbout(key: string): string {
  return `What is the ${key}?`;
}

export function answerAbout(key: string, value: string): string {
  return `The ${key} is ${value}.`;
}

/** A name for a fact that is not taken. */
export function freshKey(random: SampleRandom, taken: ReadonlySet<string>): string {
  for (;;) {
    const key = `${random.pick(demoWords.adjectives)} ${random.pick(demoWords.nouns)}`;
    if (!taken.has(key)) return key;
  }
}

export function writeFunction(random: SampleRandom): Exchange {
  const [verb, noun] = [random.pick(verbs), random.pick(demoWords.nouns)];
  return { user: `Write a function to ${verb} a ${noun}.`, assistant: `Use this function:\n${codeOf(verb, noun)}` };
}

export function explainFunction(random: SampleRandom): Exchange {
  const [verb, noun] = [random.pick(verbs), random.pick(demoWords.nouns)];
  return {
    user: `Explain this code:\n${codeOf(verb, noun)}`,
    assistant: `The function ${nameOf(verb, noun)} takes a ${noun} and returns the result of ${verb}.`,
  };
}

function codeOf(verb: string, noun: string): string {
  const type = capitalised(noun);
  return `\`\`\`ts\nfunction ${nameOf(verb, noun)}(${noun}: ${type}) {\n    return ${noun}.${verb}();\n}\n\`\`\``;
}

function nameOf(verb: string, noun: string): string {
  return verb + capitalised(noun);
}

function capitalised(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
