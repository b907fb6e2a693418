import { align } from "./alignment.ts";
import type { ChatTemplate, ThoughtTags } from "./chatTemplate.ts";
import { renderLayout, type LayoutItem, type LayoutTurn, type SystemPlacement } from "./layout.ts";
import { Segment } from "./segment.ts";

/** How well a template serves a conversation that forgets its oldest turns. */
export type TemplateFit =
  | {
      readonly usable: true;
      readonly placement: SystemPlacement;
      /**
       * What the model has to write in front of its answer: the template prints it there in history, not in the prompt.
       * The first is the shortest, the others begin further ahead, with the header that the prompt prints already.
       */
      readonly answers: readonly string[];
      /** The mark that the template prints first behind a reply, if it prints one. */
      readonly end: string | undefined;
    }
  | { readonly usable: false; readonly reason: string };

/**
 * Tries a template: is each message printed once and in order, and is a conversation without its oldest turns (and with a
 * hole between two kept ones, as a pin makes it) the same text with pieces cut out?
 */
export function fitTemplate(template: ChatTemplate): TemplateFit {
  let reason = "";
  for (const placement of ["role", "firstUser"] as const) {
    try {
      if (canForget(template, placement)) {
        return {
          usable: true,
          placement,
          answers: answerMarks(template, placement),
          end: endMark(template, placement),
        };
      }
      reason = "a conversation without its oldest turns is not the same text with pieces cut out";
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
  }
  return { usable: false, reason };
}

function canForget(template: ChatTemplate, placement: SystemPlacement): boolean {
  const turns = ["a", "b", "c", "d", "e"].map((name) => sampleTurn(name, true));
  const last = sampleTurn("f", false);
  const full = asCached(renderLayout(template, placement, [...turns, last], true));
  const keeps = [
    turns.slice(1),
    turns.slice(3),
    [],
    turns.filter((_, index) => index === 0 || index > 2),
    turns.slice(1, 2),
  ];
  return keeps.every(
    (keep) => align(full, renderLayout(template, placement, [...keep, last], true)).missing.length === 0,
  );
}

function answerMarks(template: ChatTemplate, placement: SystemPlacement): string[] {
  const turns = [sampleTurn("a", true), sampleTurn("b", false)];
  const prompt = renderLayout(template, placement, turns, true).at(-1);
  const later = historyGlue(template, placement, turns);
  if (prompt?.type !== "glue" || later === undefined) return [];
  const text = completedPrompt(prompt.text, later, template.thoughtTags);
  const shared = later.startsWith(text) ? text : sharedPrefix(text, later);
  let mark = later.slice(shared.length);
  for (const { open, close } of template.thoughtTags) {
    if (mark.trimStart().startsWith(open)) mark = mark.trimStart().slice(open.length);
    if (mark.trimStart().startsWith(close)) mark = mark.trimStart().slice(close.length);
  }
  mark = mark.trim();
  if (mark === "") return [];
  const whole = later.trimEnd();
  const headers = [...whole.matchAll(/[<[]/g)].map(({ index }) => whole.slice(index));
  return [mark, ...headers.filter((header) => header.length > mark.length).toReversed()];
}

function endMark(template: ChatTemplate, placement: SystemPlacement): string | undefined {
  const items = renderLayout(template, placement, [sampleTurn("a", true), sampleTurn("b", false)], false);
  const glue = items[items.findIndex((item) => item.type === "content" && item.id === "a.reply") + 1];
  return glue?.type === "glue" ? /^[<[][^<>[\]\s]*[>\]]/.exec(glue.text.trimStart())?.[0] : undefined;
}

function sampleTurn(name: string, answered: boolean): LayoutTurn {
  return { turnId: name, partIds: [`${name}.user`], replyId: answered ? `${name}.reply` : undefined };
}

/** A glue item, or the opening that a reply's history leaves out. */
export type PromptItem = LayoutItem & { readonly opening?: boolean };

/**
 * Cuts the generation prompt in two: what the template prints before the reply once it is history, and the rest (an
 * opening `<think>`, say), which goes away together with the thought. Where history has an empty thought that the prompt
 * does not open, the prompt opens it: so the reply need not be evaluated again for its sake.
 */
export function splitOpening(
  template: ChatTemplate,
  placement: SystemPlacement,
  turns: readonly LayoutTurn[],
  items: readonly LayoutItem[],
): PromptItem[] {
  const prompt = items.at(-1);
  if (prompt?.type !== "glue" || turns.length === 0) return [...items];
  const later = historyGlue(template, placement, turns);
  if (later === undefined) return [...items];
  const text = completedPrompt(prompt.text, later, template.thoughtTags);
  const before = items.slice(0, -1);
  const shared = sharedPrefix(text, later).slice(0, thoughtPlace(text, template.thoughtTags));
  if (shared.length === 0 || shared.length === text.length) return [...before, { ...prompt, text }];
  return [...before, { ...prompt, text: shared }, { ...prompt, text: text.slice(shared.length), opening: true }];
}

/** The glue before the live turn's reply, as it is printed once another user message follows. */
function historyGlue(
  template: ChatTemplate,
  placement: SystemPlacement,
  turns: readonly LayoutTurn[],
): string | undefined {
  const live = turns.at(-1);
  if (live === undefined) return undefined;
  const replyId = "history.reply";
  const following: LayoutTurn = { turnId: "following", partIds: ["following.user"], replyId: undefined };
  try {
    const history = renderLayout(template, placement, [...turns.slice(0, -1), { ...live, replyId }, following], false);
    const place = history.findIndex((item) => item.type === "content" && item.id === replyId);
    const glue = history[place - 1];
    return glue?.type === "glue" ? glue.text : undefined;
  } catch {
    return undefined; // the template will say so when that turn comes
  }
}

/**
 * The prompt with what history prints behind it, if the model need not decide it: the opening of a thought that history
 * closes again, or plain words (`>>>all` of Functionary: to whom the reply goes).
 */
function completedPrompt(prompt: string, later: string, tags: readonly ThoughtTags[]): string {
  if (!later.startsWith(prompt)) return prompt;
  const rest = later.slice(prompt.length);
  const opened = tags.find((known) => rest.trimStart().startsWith(known.open));
  if (opened !== undefined) return prompt + rest.slice(0, rest.indexOf(opened.open) + opened.open.length);
  return rest.trim() === "" || /[<[]/.test(rest) ? prompt : prompt + rest.replace(/ +$/, "");
}

/** Where a prompt opens a thought at its end. */
function thoughtPlace(prompt: string, tags: readonly ThoughtTags[]): number | undefined {
  const text = prompt.trimEnd();
  const opened = tags.find((known) => text.endsWith(known.open.trimEnd()));
  return opened === undefined ? undefined : text.length - opened.open.trimEnd().length;
}

/** Common beginning of two glue texts, not ending inside a bracketed word that may be one special token. */
function sharedPrefix(left: string, right: string): string {
  let length = 0;
  while (length < left.length && length < right.length && left[length] === right[length]) length++;
  const shared = left.slice(0, length);
  return length === left.length ? shared : shared.replace(/[<[][^<>[\]\s]*$/, "");
}

function asCached(items: readonly PromptItem[]): Segment[] {
  return items.map((item) =>
    item.type === "glue"
      ? new Segment(item.opening === true ? "open" : "glue", item.text, item.turnId)
      : new Segment("text", item.id, item.turnId),
  );
}
