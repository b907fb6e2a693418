import type { Token } from "../conversation/tokenSequence.ts";
import { renderLayout, systemId, type LayoutTurn } from "../conversation/layout.ts";
import { LlamaTokenizer } from "../engine/worker/llamaTokenizer.ts";
import { templateForModel } from "../engine/worker/modelTemplate.ts";
import type { LabModel } from "./labModel.ts";
import { SampleRandom } from "./random.ts";
import type { TextTurn } from "./turnAligned.ts";

/** One exchange, as text. */
interface Exchange {
  readonly user: string;
  readonly reply: string;
}

/** A conversation in the tokens of a model. */
export interface ChatText {
  readonly tokens: readonly Token[];
  /** Tokens up to the end of the system prompt: the head, which is never forgotten. */
  readonly head: number;
  /** Where messages and turns begin, with the template's text before them. Indexes into `tokens`, ascending. */
  readonly messageStarts: readonly number[];
  readonly turnStarts: readonly number[];
  /** What the model would have to write: contents of replies. */
  readonly replies: readonly TextTurn[];
}

const systemPrompt = "You are a coding assistant.";

const adjectives =
  "red blue green dark light quick slow warm cold sharp loud quiet big small old new soft wild calm deep".split(" ");
const nouns =
  "parser server client buffer token cache index socket worker thread module matrix editor panel model queue".split(
    " ",
  );
const verbs = "open close parse read write send load save merge split sort map trim join scan".split(" ");

/**
 * A conversation about facts and code in the words that the demo model was trained on; no conversation that it was trained
 * on, since those were drawn otherwise. A fact is asked for up to four facts later.
 */
function* exchanges(seed: number): Generator<Exchange> {
  const random = new SampleRandom(seed);
  const facts = new Map<string, number>();
  for (;;) {
    const kind = random.next();
    const known = [...facts.keys()].slice(-4);
    if (kind < 0.35 || known.length === 0) {
      const [key, value] = [`${random.pick(adjectives)} ${random.pick(nouns)}`, 10 + random.below(90)];
      facts.delete(key);
      facts.set(key, value);
      const says = [
        `Remember that the ${key} is ${value}.`,
        `Note: the ${key} is ${value}.`,
        `The ${key} is ${value}.`,
      ];
      yield { user: random.pick(says), reply: `Noted: the ${key} is ${value}.` };
      continue;
    }
    if (kind < 0.7) {
      const key = random.pick(known);
      yield {
        user: random.pick([`What is the ${key}?`, `Tell me the ${key}.`]),
        reply: `The ${key} is ${facts.get(key) ?? 0}.`,
      };
      continue;
    }
    const [verb, noun] = [random.pick(verbs), random.pick(nouns)];
    const type = noun.charAt(0).toUpperCase() + noun.slice(1);
    const code = `\`\`\`ts\nfunction ${verb}${type}(${noun}: ${type}) {\n    return ${noun}.${verb}();\n}\n\`\`\``;
    yield kind < 0.9
      ? {
          user: random.pick([`Write a function to ${verb} a ${noun}.`, `How do I ${verb} a ${noun}?`]),
          reply: `Use this function:\n${code}`,
        }
      : {
          user: `Explain this code:\n${code}`,
          reply: `The function ${verb}${type} takes a ${noun} and returns the result of ${verb}.`,
        };
  }
}

/**
 * A conversation of at least `length` tokens in the model's own template, as the product puts it together: the template's
 * text with its marks, contents without.
 *
 * @throws DaylongError `model-unsupported` if the template cannot be used for an endless conversation
 */
export function chatText(model: LabModel, length: number, seed: number): ChatText {
  const { template, placement } = templateForModel(model.model, new Date(0));
  const tokenizer = new LlamaTokenizer(model.model);
  const source = exchanges(seed);
  const contents = new Map<string, string>([[systemId, systemPrompt]]);
  const turns: LayoutTurn[] = [];
  const add = (): void => {
    const { user, reply } = source.next().value as Exchange;
    const turnId = String(turns.length);
    contents.set(`${turnId}.user`, user);
    contents.set(`${turnId}.reply`, reply);
    turns.push({ turnId, partIds: [`${turnId}.user`], replyId: `${turnId}.reply` });
  };
  // Some templates look at all messages, so the whole is rendered again rather than added to.
  for (let wanted = Math.max(8, Math.ceil(length / 24)); ; wanted *= 2) {
    while (turns.length < wanted) add();
    const text = tokenised(renderLayout(template, placement, turns, false), contents, tokenizer);
    if (text.tokens.length >= length) return text;
  }
}

type LayoutItems = ReturnType<typeof renderLayout>;

function tokenised(items: LayoutItems, contents: ReadonlyMap<string, string>, tokenizer: LlamaTokenizer): ChatText {
  const tokens: Token[] = [];
  const { beginning } = tokenizer;
  const first = items[0];
  const opens = first?.type === "glue" && beginning !== undefined && first.text.startsWith(beginning.text);
  if (beginning !== undefined && !opens) tokens.push(beginning.token);
  let head = 0;
  const messageStarts: number[] = [];
  const turnStarts: number[] = [];
  const replies: TextTurn[] = [];
  /** Where the template's text before the content that comes next began. */
  let glueStart = 0;
  for (const item of items) {
    const start = tokens.length;
    const encoded =
      item.type === "glue" ? tokenizer.encode(item.text, true) : tokenizer.encode(contents.get(item.id) ?? "", false);
    for (const token of encoded) tokens.push(token);
    if (item.type === "glue") {
      glueStart = start;
      continue;
    }
    if (item.turnId === undefined || item.id === systemId) {
      head = tokens.length;
    } else {
      messageStarts.push(glueStart);
      if (item.id.endsWith(".user")) turnStarts.push(glueStart);
      else replies.push({ start, end: tokens.length });
    }
  }
  return { tokens, head, messageStarts, turnStarts, replies };
}
