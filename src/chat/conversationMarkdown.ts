import type { ReplyNote } from "../messages/chatMessages.ts";
import { viewStrings } from "../messages/viewStrings.ts";
import type { StoredTurn } from "../storage/storedTurn.ts";
import type { PortableConversation } from "./conversationExport.ts";
import type { Translate } from "./errorText.ts";

export interface MarkdownOptions {
  readonly thoughts: boolean;
  readonly translate: Translate;
  /** BCP 47 tag, for dates and numbers. */
  readonly language: string;
}

const notes: Readonly<Record<Exclude<ReplyNote, "">, string>> = {
  stopped: viewStrings.noteStopped,
  loop: viewStrings.noteLoop,
  maxTokens: viewStrings.noteMaxTokens,
  interrupted: viewStrings.noteInterrupted,
};

/** A conversation to be read by people, in any markdown viewer. */
export function exportMarkdown({ title, turns }: PortableConversation, options: MarkdownOptions): string {
  const heading = title === "" ? options.translate(viewStrings.transcript) : title;
  return `${[`# ${heading}`, ...turns.flatMap((turn) => turnBlocks(turn, options))].join("\n\n")}\n`;
}

function turnBlocks(turn: StoredTurn, { thoughts, translate, language }: MarkdownOptions): string[] {
  const time = new Date(turn.sentAt).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
  const pin = turn.pinned ? ` · ${translate(viewStrings.pinned)}` : "";
  const blocks = [`## ${translate(viewStrings.you)} · ${time}${pin}`, closed(turn.user)];
  if (turn.attachments.length > 0) {
    blocks.push(turn.attachments.map(({ label }) => `- ${inlineCode(label)}`).join("\n"));
  }
  blocks.push(`## ${viewStrings.appName}`);
  if (thoughts && turn.thought !== "") {
    const summary = translate(viewStrings.thoughtTokens);
    blocks.push(`<details>\n<summary>${summary}</summary>\n\n${closed(turn.thought)}\n\n</details>`);
  }
  if (turn.reply !== "") blocks.push(closed(turn.reply));
  if (turn.note !== "") blocks.push(`*${translate(notes[turn.note])}*`);
  if (turn.error !== null && turn.note !== "interrupted") blocks.push(`*${turn.error.message}*`);
  return blocks;
}

/** A code block that was cut off would take everything behind it along. */
function closed(text: string): string {
  let open: string | undefined;
  for (const line of text.split("\n")) {
    const fence = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line);
    if (fence === null) continue;
    const [, marks = "", rest = ""] = fence;
    if (open === undefined) open = marks;
    else if (marks.startsWith(open) && rest.trim() === "") open = undefined;
  }
  return open === undefined ? text.trim() : `${text.trim()}\n${open}`;
}

/** As code, whatever backticks are in it. */
function inlineCode(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([marks]) => marks.length));
  const marks = "`".repeat(longest + 1);
  return longest === 0 ? `${marks}${text}${marks}` : `${marks} ${text} ${marks}`;
}
