import type { ChatIntent, TurnView } from "../messages/chatMessages.ts";
import type { ChatHost } from "./chatHost.ts";

const types = ["copyTurn", "code", "openLink", "showMemory", "showLog"] as const;

/** What the view asks of the workbench, without the conversation or the model being changed by it. */
export type HostIntent = Extract<ChatIntent, { readonly type: (typeof types)[number] }>;

export function isHostIntent(intent: ChatIntent): intent is HostIntent {
  return types.some((type) => type === intent.type);
}

/** `known`: the turn of that id. Errors: those of `known`, and what the workbench says. */
export async function doHostIntent(intent: HostIntent, host: ChatHost, known: (id: string) => TurnView): Promise<void> {
  switch (intent.type) {
    case "copyTurn": {
      const turn = known(intent.id);
      await host.copyText(intent.part === "user" ? turn.user : turn.reply);
      return;
    }
    case "code":
      await host.useCode(intent);
      return;
    case "openLink":
      await host.openLink(intent.href);
      return;
    case "showMemory":
      await host.showMemory();
      return;
    case "showLog":
      host.showLog();
  }
}
