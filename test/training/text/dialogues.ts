import type { SeededRandom } from "../../fixtures/gguf/randomWeights.ts";
import { pick, randomFacts, type Fact } from "./factLines.ts";
import { nouns, verbs } from "./words.ts";

export const systemPrompt = "You are a coding assistant.";

interface Turn {
  readonly user: string;
  readonly assistant: string;
}

/** A chat in ChatML: facts to remember and to tell, functions to write and to explain. */
export function dialogue(random: SeededRandom): string {
  const facts = randomFacts(8, random);
  const told: Fact[] = [];
  let text = message("system", systemPrompt);
  for (let turns = 3 + random.below(8); turns > 0; turns--) {
    const { user, assistant } = nextTurn(told, facts[told.length], random);
    text += message("user", user) + message("assistant", assistant);
  }
  return text;
}

/** As the chat template of the models prints it. */
function message(role: string, content: string): string {
  return `<|im_start|>${role}\n${content}<|im_end|>\n`;
}

function nextTurn(told: Fact[], next: Fact | undefined, random: SeededRandom): Turn {
  const kind = random.next();
  if (next !== undefined && (kind < 0.3 || told.length === 0)) {
    told.push(next);
    return remember(next, random);
  }
  if (kind < 0.65) return recall(pick(told.slice(-4), random), random);
  return kind < 0.85 ? writeFunction(random) : explainFunction(random);
}

function remember({ key, value }: Fact, random: SeededRandom): Turn {
  const user = pick([`Remember that the ${key} is ${value}.`, `Note: the ${key} is ${value}.`], random);
  return { user, assistant: `Noted: the ${key} is ${value}.` };
}

function recall({ key, value }: Fact, random: SeededRandom): Turn {
  const user = pick([`What is the ${key}?`, `Tell me the ${key}.`], random);
  return { user, assistant: `The ${key} is ${value}.` };
}

function writeFunction(random: SeededRandom): Turn {
  const [verb, noun] = [pick(verbs, random), pick(nouns, random)];
  const user = pick([`Write a function to ${verb} a ${noun}.`, `How do I ${verb} a ${noun}?`], random);
  return { user, assistant: `Use this function:\n${functionCode(verb, noun)}` };
}

function explainFunction(random: SeededRandom): Turn {
  const [verb, noun] = [pick(verbs, random), pick(nouns, random)];
  return {
    user: `Explain this code:\n${functionCode(verb, noun)}`,
    assistant: `The function ${verb}${capital(noun)} takes a ${noun} and returns the result of ${verb}.`,
  };
}

function functionCode(verb: string, noun: string): string {
  const type = capital(noun);
  return `\`\`\`ts\nfunction ${verb}${type}(${noun}: ${type}) {\n  return ${noun}.${verb}();\n}\n\`\`\``;
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
