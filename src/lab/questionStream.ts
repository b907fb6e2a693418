import type { Token, Tokenizer } from "../conversation/tokenSequence.ts";
import { ask } from "./ask.ts";
import { answerAbout, explainFunction, freshKey, questionAbout, writeFunction, type Exchange } from "./demoTalk.ts";
import type { LabCells } from "./labCells.ts";
import { letters, quizQuestion, quizText, type QuizQuestion } from "./quiz.ts";
import { SampleRandom } from "./random.ts";

/** One question in a stream of many. It can be answered by what it brings along itself. */
export interface StreamedQuestion {
  readonly kind: string;
  /** Up to where the answer begins; `start` is its place in the stream. */
  readonly prompt: readonly Token[];
  readonly start: number;
  /** Where the right answer ends, and with it the question. */
  readonly end: number;
  /** Asks at the tail and leaves no trace. */
  readonly isAnswered: (cells: LabCells) => Promise<boolean>;
}

export interface QuestionStream {
  readonly name: string;
  /** What stands in front of the stream, and in front of a question that is asked alone. */
  readonly head: readonly Token[];
  /** The head, and all questions with their right answers. */
  readonly tokens: readonly Token[];
  readonly questions: readonly StreamedQuestion[];
  /** Tokens that the longest question needs for prompt and answer. */
  readonly room: number;
  /** Share of right answers of who guesses. */
  readonly chance: number;
}

/** Tokens of an answer beyond the right one's, so that one that goes on too long is seen. */
const spareTokens = 4;

interface Item {
  readonly kind: string;
  readonly prompt: readonly Token[];
  readonly answer: readonly Token[];
  readonly isAnswered: (cells: LabCells) => Promise<boolean>;
}

function concatenate(name: string, head: readonly Token[], items: readonly Item[], chance: number): QuestionStream {
  const tokens = [...head];
  const questions = items.map(({ kind, prompt, answer, isAnswered }): StreamedQuestion => {
    const start = tokens.length;
    tokens.push(...prompt, ...answer);
    return { kind, prompt, start, end: tokens.length, isAnswered };
  });
  const room = Math.max(...items.map(({ prompt, answer }) => prompt.length + answer.length)) + spareTokens;
  return { name, head, tokens, questions, room, chance };
}

/** Dialogues of the kind that the demo model was trained on; an answer is right if it is the same to the letter. */
export function demoQuestions(tokenizer: Tokenizer, count: number, seed: number): QuestionStream {
  const random = new SampleRandom(seed);
  const end = "<|im_end|>";
  const turn = (role: string, text: string): string => `<|im_start|>${role}\n${text}${end}\n`;
  const encode = (text: string): Token[] => tokenizer.encode(text, true);
  const items = Array.from({ length: count }, (): Item => {
    const { kind, before, exchange } = demoExchange(random);
    const context = before === undefined ? "" : turn("user", before.user) + turn("assistant", before.assistant);
    const prompt = encode(`${context}${turn("user", exchange.user)}<|im_start|>assistant\n`);
    const answer = encode(`${exchange.assistant}${end}\n`);
    const isAnswered = async (cells: LabCells): Promise<boolean> => {
      const text = await ask(cells, tokenizer, prompt, end, answer.length + spareTokens);
      return text === exchange.assistant + end;
    };
    return { kind, prompt, answer, isAnswered };
  });
  const beginning = tokenizer.beginning === undefined ? [] : [tokenizer.beginning.token];
  const head = [...beginning, ...encode(turn("system", "You are a coding assistant."))];
  return concatenate("dialogues of the demo model's kind, exact match", head, items, 0);
}

function demoExchange(random: SampleRandom): { kind: string; before?: Exchange; exchange: Exchange } {
  switch (random.below(3)) {
    case 0:
      return { kind: "write", exchange: writeFunction(random) };
    case 1:
      return { kind: "explain", exchange: explainFunction(random) };
    default: {
      const [key, value] = [freshKey(random, new Set()), String(10 + random.below(90))];
      const before = { user: `Remember that the ${key} is ${value}.`, assistant: `Noted: the ${key} is ${value}.` };
      return { kind: "remember", before, exchange: { user: questionAbout(key), assistant: answerAbout(key, value) } };
    }
  }
}

/** Questions with four options for any model; the option whose letter is likeliest is taken. An example stands in front. */
export function quizQuestions(tokenizer: Tokenizer, count: number, seed: number): QuestionStream {
  const random = new SampleRandom(seed);
  const encode = (text: string): Token[] => tokenizer.encode(text, false);
  const options = letters.map((letter) => encode(` ${letter}`).at(-1) ?? -1);
  const answerOf = ({ right }: QuizQuestion): Token[] => encode(` ${letters[right] ?? ""}\n\n`);
  const example = quizQuestion(random);
  const items = Array.from({ length: count }, (): Item => {
    const question = quizQuestion(random);
    const prompt = encode(quizText(question));
    const isAnswered = async (cells: LabCells): Promise<boolean> => {
      const base = cells.length;
      const says = await cells.predict(prompt);
      await cells.erase([{ start: base, end: cells.length }]);
      const likelihoods = options.map((token) => says[token] ?? 0);
      return likelihoods.indexOf(Math.max(...likelihoods)) === question.right;
    };
    return { kind: question.kind, prompt, answer: answerOf(question), isAnswered };
  });
  const beginning = tokenizer.beginning === undefined ? [] : [tokenizer.beginning.token];
  const head = [...beginning, ...encode(quizText(example)), ...answerOf(example)];
  return concatenate("questions with four options, the likeliest letter", head, items, 1 / letters.length);
}
