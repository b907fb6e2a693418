import { DaylongError, type ErrorData } from "../base/errors.ts";
import type { TurnView } from "../messages/chatMessages.ts";
import type { ChatControllerOptions } from "./chatControllerOptions.ts";
import { Composer } from "./composer.ts";
import { SlashRunner } from "./slashRunner.ts";
import type { Transcript } from "./transcript.ts";
import type { ChatDelta } from "./viewChannel.ts";

/** What the composer asks of the conversation. */
export interface ComposerConversation {
  /** An error in words made for the user. */
  readonly describe: (error: ErrorData) => string;
  readonly tell: (delta: ChatDelta) => void;
  /** Whether a model is loaded that knows the conversation. */
  readonly isReady: () => boolean;
  /** Whether a reply is running. */
  readonly isBusy: () => boolean;
  /** The user has begun to write: the moment to load the model. */
  readonly wake: () => void;
  /** Answers a turn. Resolves when the reply has ended. */
  readonly answer: (turn: TurnView) => Promise<void>;
  readonly startNew: () => Promise<void>;
  readonly pin: (id: string) => Promise<void>;
}

/** The composer of a conversation. */
export function createComposer(
  options: ChatControllerOptions,
  transcript: Transcript,
  conversation: ComposerConversation,
): Composer {
  const { engine, workspace, drafts, host, keeper } = options;
  const { answer, isBusy, startNew, pin, tell } = conversation;
  const endedWell = (): boolean => transcript.last?.status === "done";
  return new Composer({
    ...conversation,
    engine,
    workspace,
    drafts,
    host,
    now: options.now ?? Date.now,
    conversationId: () => keeper?.presentId ?? "",
    endedWell,
    start: async (turn) => {
      if (isBusy()) throw new DaylongError("busy", "A reply is still running. Wait for it, or stop it first.");
      transcript.add(turn);
      await answer(turn);
      return endedWell();
    },
    commands: new SlashRunner({
      host,
      actions: options,
      startNew,
      pin,
      turns: () => transcript.turns,
      tell: (message) => tell({ type: "notice", notice: { code: "help", message } }),
    }),
    findSent: (id) => transcript.turns.flatMap(({ attachments }) => attachments).find((each) => each.id === id),
  });
}
