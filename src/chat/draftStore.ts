import * as z from "zod/mini";
import type { AttachmentView, QueuedMessageView } from "../messages/chatMessages.ts";
import { storedAttachmentSchema } from "../storage/storedTurn.ts";

/** What was being typed in a conversation, and what waited to be sent. */
export interface StoredDraft {
  readonly text: string;
  readonly attachments: readonly AttachmentView[];
  readonly queue: readonly QueuedMessageView[];
}

/** Structurally a subset of `vscode.Memento`. */
export interface DraftMemory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

const schema = z.object({
  text: z.string(),
  attachments: z.array(storedAttachmentSchema),
  queue: z.array(z.object({ id: z.string(), text: z.string(), attachments: z.array(storedAttachmentSchema) })),
});

/** Characters that a draft may hold to be kept: the workbench's memory is no place for more. */
const mostCharacters = 2_000_000;
/** Drafts of conversations that were opened last. */
const mostDrafts = 20;
const indexKey = "daylong.drafts";

/** Keeps the drafts of the conversations over restarts. */
export class DraftStore {
  constructor(private readonly memory: DraftMemory) {}

  read(conversation: string): StoredDraft | undefined {
    const result = z.safeParse(schema, this.memory.get(keyOf(conversation)));
    return result.success ? result.data : undefined;
  }

  async write(conversation: string, draft: StoredDraft): Promise<void> {
    const isEmpty = draft.text === "" && draft.attachments.length + draft.queue.length === 0;
    const key = keyOf(conversation);
    const known = z.safeParse(z.array(z.string()), this.memory.get(indexKey));
    const others = (known.success ? known.data : []).filter((other) => other !== key);
    const keys = isEmpty ? others : [...others, key];
    for (const old of keys.splice(0, Math.max(0, keys.length - mostDrafts))) await this.memory.update(old, undefined);
    const fits = JSON.stringify(draft).length <= mostCharacters;
    const kept = fits ? draft : { ...draft, attachments: [], queue: [] };
    await this.memory.update(key, isEmpty ? undefined : kept);
    await this.memory.update(indexKey, keys);
  }
}

function keyOf(conversation: string): string {
  return `daylong.draft.${conversation}`;
}
