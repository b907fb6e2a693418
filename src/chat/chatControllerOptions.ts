import type { AttachmentWorkspace } from "../attachments/attachment.ts";
import type { Engine } from "../engine/engine.ts";
import type { ChatHost } from "./chatHost.ts";
import type { ConversationKeeping } from "./conversationKeeping.ts";
import type { DraftStore } from "./draftStore.ts";

export interface ChatControllerOptions {
  readonly engine: Engine;
  readonly host: ChatHost;
  readonly demoModelPath: string;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** What attachments are read from. */
  readonly workspace: AttachmentWorkspace;
  /** Keeps what is being typed. Without it, it lives as long as the window. */
  readonly drafts?: DraftStore;
  /** Explains the selected code in its editor; `message` is what was typed, with the command. */
  readonly explain?: (message: string) => void;
  /** Lets the user save the conversation in a file. */
  readonly exportConversation?: () => Promise<void>;
  /** Keeps the conversation on disk. Without it, it lives as long as the window. */
  readonly keeper?: ConversationKeeping;
}
