import { rank } from "../attachments/fuzzyMatch.ts";
import type { CompletionItem } from "../messages/chatMessages.ts";

export type SlashCommandName = "explain" | "fix" | "tests" | "docs" | "pin" | "export" | "new" | "help";

interface SlashCommand {
  readonly name: SlashCommandName;
  readonly icon: string;
  /** What it does, in English; translated where it is shown. */
  readonly does: string;
  /** `run`: takes no words, and runs at once. */
  readonly then: "run" | "write";
}

export const slashCommands: readonly SlashCommand[] = [
  {
    name: "explain",
    icon: "comment-discussion",
    does: "Explain the selected code, right under it in the editor",
    then: "write",
  },
  { name: "fix", icon: "wrench", does: "Find what is wrong with the code, and repair it", then: "write" },
  { name: "tests", icon: "beaker", does: "Write tests for the code", then: "write" },
  { name: "docs", icon: "book", does: "Write documentation for the code", then: "write" },
  { name: "pin", icon: "pin", does: "Pin the last turn: the model never forgets it", then: "run" },
  { name: "export", icon: "export", does: "Save the conversation as Markdown", then: "run" },
  { name: "new", icon: "add", does: "Start a new conversation", then: "run" },
  { name: "help", icon: "question", does: "What can be typed here", then: "run" },
];

/**
 * What the commands that ask the model say. In English, like every instruction to the model, and shown in the
 * conversation as it is: the model reads nothing that the user does not see.
 */
const prompts: Partial<Record<SlashCommandName, string>> = {
  fix:
    "Find what is wrong with this code and fix it. Say in one sentence what the fault was, then give the corrected " +
    "code in one block, complete and otherwise unchanged.",
  tests:
    "Write tests for this code, with the test framework that the project uses. Cover the usual case, the edge cases " +
    "and the errors, one test each, with names that say what holds. Give one block of code.",
  docs:
    "Write documentation for this code in the form that its language uses: what it does, its parameters, what it " +
    "returns and which errors it raises. Leave the code as it is, and give all of it in one block.",
};

/** The command that a message begins with. Undefined: it is a message. */
export function parseSlashCommand(
  message: string,
): { readonly name: SlashCommandName; readonly rest: string } | undefined {
  const [, name, rest = ""] = /^\/([a-z]+)(?:\s+([\s\S]*))?$/.exec(message.trim()) ?? [];
  const command = slashCommands.find((candidate) => candidate.name === name);
  return command === undefined ? undefined : { name: command.name, rest: rest.trim() };
}

export interface ExpandedMessage {
  readonly text: string;
  /** Whether it is about code that has to be attached, or selected. */
  readonly needsCode: boolean;
}

/** What is sent for a message: a command becomes the words that it stands for. */
export function expandMessage(message: string): ExpandedMessage {
  const command = parseSlashCommand(message);
  const prompt = command === undefined ? undefined : prompts[command.name];
  if (command === undefined || prompt === undefined) return { text: message.trim(), needsCode: false };
  return { text: command.rest === "" ? prompt : `${prompt}\n\n${command.rest}`, needsCode: true };
}

/** The rows of the list under `/`. */
export function slashCompletions(
  query: string,
  available: (name: SlashCommandName) => boolean,
  translate: (text: string) => string,
): CompletionItem[] {
  const commands = slashCommands.filter(({ name }) => available(name));
  const shown = commands.length;
  return rank(commands, query, shown, ({ name }) => name).map(({ item, marks }) => ({
    id: item.name,
    icon: item.icon,
    label: `/${item.name}`,
    detail: translate(item.does),
    marks: marks.map((place) => place + 1),
    insert: `/${item.name}${item.then === "run" ? "" : " "}`,
    then: item.then,
  }));
}
