import { DaylongError } from "../base/errors.ts";
import type { TurnView } from "../messages/chatMessages.ts";
import type { ChatControllerOptions } from "./chatControllerOptions.ts";
import type { ChatHost } from "./chatHost.ts";
import { slashCommands, type SlashCommandName } from "./slashCommands.ts";

export interface SlashRunnerOptions {
  readonly host: ChatHost;
  readonly actions: Pick<ChatControllerOptions, "explain" | "exportConversation">;
  readonly startNew: () => Promise<void>;
  readonly pin: (id: string) => Promise<void>;
  readonly turns: () => readonly TurnView[];
  /** Shows several lines in the view. */
  readonly tell: (lines: string) => void;
}

/** What `/help` says beside the commands. */
export const helpTexts = [
  "@ attaches a file, the selection, a symbol, a folder's outline or the problems.",
  "Files and editor tabs can be dropped here: hold Shift while you drop them.",
  "↑ in the empty box brings back what you wrote before.",
] as const;

/** Does what is asked for with a slash and is no message to the model. */
export class SlashRunner {
  constructor(private readonly options: SlashRunnerOptions) {}

  canRun(command: SlashCommandName): boolean {
    const { explain, exportConversation } = this.options.actions;
    if (command === "explain") return explain !== undefined;
    return command !== "export" || exportConversation !== undefined;
  }

  /** @param message all that was typed. Errors: `turn-unknown`, and those of what is done */
  async run(command: SlashCommandName, message: string): Promise<void> {
    const { actions, startNew, pin, turns } = this.options;
    switch (command) {
      case "explain":
        actions.explain?.(message);
        return;
      case "export":
        await actions.exportConversation?.();
        return;
      case "new":
        await startNew();
        return;
      case "help":
        this.help();
        return;
      case "pin": {
        const last = turns().findLast(({ reply }) => reply !== "");
        if (last === undefined) throw new DaylongError("turn-unknown", "There is no turn to pin yet.");
        await pin(last.id);
        return;
      }
      case "fix":
      case "tests":
      case "docs":
        throw new DaylongError("internal", `/${command} is a message.`);
    }
  }

  private help(): void {
    const { host, tell } = this.options;
    const commands = slashCommands
      .filter(({ name }) => this.canRun(name))
      .map(({ name, does }) => `/${name}: ${host.translate(does)}`);
    tell([...commands, ...helpTexts.map((text) => host.translate(text))].join("\n"));
  }
}
