import { Template } from "@huggingface/jinja";
import {
  LlamaText,
  resolveChatWrapper,
  SpecialToken,
  SpecialTokensText,
  type ChatHistoryItem,
  type ChatWrapper,
  type LlamaModel,
  type ResolveChatWrapperWithModelOptions,
} from "node-llama-cpp";
import type { ChatTemplate, TemplateMessage, ThoughtTags } from "../../conversation/chatTemplate.ts";
import type { SystemPlacement } from "../../conversation/layout.ts";
import { fitTemplate } from "../../conversation/templateFit.ts";
import { DaylongError } from "../../base/errors.ts";

/** Marks of thoughts that models use whatever their template says (Qwen, DeepSeek and many more). */
const commonTags: readonly ThoughtTags[] = [{ open: "<think>", close: "</think>" }];

/**
 * Marks of thoughts that a model uses if its template speaks of them: Ministral, Seed-OSS, gpt-oss, Gemma 4, MiniMax-M3,
 * Command, Solar Open, Kimi-K3, Muse, Apriel.
 */
const knownTags: readonly ThoughtTags[] = [
  { open: "[THINK]", close: "[/THINK]" },
  { open: "<seed:think>", close: "</seed:think>" },
  { open: "<|channel|>analysis<|message|>", close: "<|end|><|start|>assistant<|channel|>final<|message|>" },
  { open: "<|channel>thought", close: "<channel|>" },
  { open: "<mm:think>", close: "</mm:think>" },
  { open: "<|START_THINKING|>", close: "<|END_THINKING|>" },
  { open: "<|think|>", close: "<|end|><|begin|>assistant<|content|>" },
  { open: "<|open|>think<|sep|>", close: "<|close|>think<|sep|>" },
  { open: "to=self<|message|>", close: "<|eom|><|start|>assistant to=user<|message|>" },
  { open: "Here are my reasoning steps:", close: "[BEGIN FINAL RESPONSE]" },
];

export interface FittedTemplate {
  readonly template: ChatTemplate;
  readonly placement: SystemPlacement;
}

/**
 * The chat template for a model: its own Jinja template if that can be aligned, else the wrapper that the engine
 * library finds for it.
 *
 * @param now dates in templates are frozen at this moment: a head that changes at midnight would cost the whole cache
 * @throws DaylongError `model-unsupported`
 */
export function templateForModel(model: LlamaModel, now: Date): FittedTemplate {
  const source = model.fileInfo.metadata.tokenizer.chat_template;
  const reasons: string[] = [];
  const candidates: (() => ChatTemplate)[] = [];
  if (source !== undefined && source.trim() !== "") {
    const { bosString, eosString } = model.tokens;
    candidates.push(() => jinjaTemplate(source, { bos_token: bosString ?? "", eos_token: eosString ?? "" }, now));
  }
  candidates.push(() => wrapperTemplate(resolveChatWrapper(model, wrapperOptions(now)), model));
  for (const candidate of candidates) {
    try {
      const template = candidate();
      const fit = fittedTemplate(template);
      if ("template" in fit) return fit;
      reasons.push(`${template.name}: ${fit.reason}`);
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new DaylongError(
    "model-unsupported",
    "This model's chat template cannot be used for an endless conversation. Choose another model.",
    reasons.join("\n"),
  );
}

/** A template with the marks of its replies, found out by rendering; or why it cannot be used. */
export function fittedTemplate(template: ChatTemplate): FittedTemplate | { readonly reason: string } {
  const fit = fitTemplate(template);
  if (!fit.usable) return fit;
  const { placement, answers, end } = fit;
  return {
    placement,
    template: {
      ...template,
      thoughtTags: template.thoughtTags.map((tags) => ({ ...tags, answers })),
      stopStrings: end === undefined ? template.stopStrings : [...new Set([...template.stopStrings, end])],
    },
  };
}

/** @throws if the template does not parse */
export function jinjaTemplate(
  source: string,
  words: { bos_token: string; eos_token: string },
  now: Date,
): ChatTemplate {
  // The interpreter has a `strftime_now` of its own that reads the clock; the template sees a frozen one instead.
  const template = new Template(`{% set strftime_now = frozen_strftime %}${source}`);
  const spoken = knownTags.filter((tags) => speaksOf(source, tags));
  const common = {
    ...words,
    date_string: strftime("%d %b %Y", now),
    frozen_strftime: (format: string) => strftime(format, now),
  };
  return {
    name: "the model's own template",
    thoughtTags: [...commonTags, ...spoken],
    stopStrings: [],
    render: (messages, addGenerationPrompt) =>
      template.render({
        ...common,
        messages: messages.map(({ role, content }) => ({ role, content })),
        add_generation_prompt: addGenerationPrompt,
      }),
  };
}

/** Templates put their marks together from pieces: each bracketed word has to be there, and all words of the opening. */
function speaksOf(source: string, { open, close }: ThoughtTags): boolean {
  const words = [...(open.match(/[<[][^<>[\]]*[>\]]|[^<[]+/g) ?? []), ...(close.match(/[<[][^<>[\]]*[>\]]/g) ?? [])];
  return words.every((word) => source.includes(word));
}

/**
 * Dates frozen: the wrappers would look at the clock with each rendering. The model's own template was tried already, and
 * trying it takes the library seconds.
 */
function wrapperOptions(now: Date): ResolveChatWrapperWithModelOptions {
  const dated = { todayDate: now };
  return {
    warningLogs: false,
    noJinja: true,
    customWrapperSettings: { "llama3.1": dated, "llama3.2-lightweight": dated, harmony: dated, muse: dated },
  };
}

/** One of the engine library's chat wrappers as a template. */
export function wrapperTemplate(wrapper: ChatWrapper, model: Pick<LlamaModel, "tokens">): ChatTemplate {
  const thought = wrapper.settings.segments?.thought;
  const tags: ThoughtTags[] = [];
  const { prefix, suffix } = thought ?? {};
  if (isText(prefix) && isText(suffix)) {
    const open = asText(LlamaText(prefix), model).trim();
    const close = asText(LlamaText(suffix), model).trim();
    if (open !== "" && close !== "") tags.push({ open, close });
  }
  const stops = wrapper.generateContextState({ chatHistory: history([], true) }).stopGenerationTriggers;
  return {
    name: wrapper.wrapperName,
    thoughtTags: [...tags, ...commonTags.filter((common) => tags.every((own) => own.open !== common.open))],
    stopStrings: stops.map((stop) => asText(stop, model)).filter((stop) => stop.trim() !== ""),
    render: (messages, addGenerationPrompt) =>
      asText(wrapper.generateContextState({ chatHistory: history(messages, addGenerationPrompt) }).contextText, model),
  };
}

function history(messages: readonly TemplateMessage[], addGenerationPrompt: boolean): ChatHistoryItem[] {
  const items = messages.map(({ role, content }): ChatHistoryItem =>
    role === "assistant" ? { type: "model", response: [content] } : { type: role, text: content },
  );
  if (addGenerationPrompt) items.push({ type: "model", response: [] });
  return items;
}

/** A segment's mark may also be "opened by the prompt": then there is no text to look for. */
function isText(mark: string | LlamaText | { type: "openedOnStart" } | undefined): mark is string | LlamaText {
  return typeof mark === "string" || LlamaText.isLlamaText(mark);
}

function asText(text: LlamaText, model: Pick<LlamaModel, "tokens">): string {
  return text.values
    .map((value) => {
      if (typeof value === "string") return value;
      if (value instanceof SpecialTokensText) return value.value;
      if (value instanceof SpecialToken) return specialText(value, model);
      return "";
    })
    .join("");
}

function specialText(token: SpecialToken, { tokens }: Pick<LlamaModel, "tokens">): string {
  switch (token.value) {
    case "BOS":
      return tokens.bosString ?? "";
    case "EOS":
      return tokens.eosString ?? "";
    case "NL":
      return tokens.nlString ?? "\n";
    case "EOT":
      return tokens.eotString ?? tokens.eosString ?? "";
    case "SEP":
      return "";
  }
}

/** The conversions of C's strftime that chat templates use. English names, as the models were trained. */
function strftime(format: string, now: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const name = (part: Intl.DateTimeFormatOptions): string => new Intl.DateTimeFormat("en-US", part).format(now);
  const values: Record<string, string> = {
    Y: String(now.getFullYear()),
    m: two(now.getMonth() + 1),
    d: two(now.getDate()),
    H: two(now.getHours()),
    M: two(now.getMinutes()),
    S: two(now.getSeconds()),
    b: name({ month: "short" }),
    B: name({ month: "long" }),
    a: name({ weekday: "short" }),
    A: name({ weekday: "long" }),
    y: two(now.getFullYear() % 100),
  };
  return format.replace(/%(\w)/g, (whole, letter: string) => values[letter] ?? whole);
}
