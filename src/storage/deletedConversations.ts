import { mkdir, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { conversationFiles } from "./storedConversation.ts";

/** Milliseconds after which a deleted conversation is erased when a window opens: nobody is asked about it any more. */
const keptFor = 3_600_000;

const erasing = { recursive: true, force: true, maxRetries: 10, retryDelay: 100 };

/** Conversations that were deleted a moment ago: moved aside, until it is clear that nobody wants them back. */
export class DeletedConversations {
  private readonly folder: string;

  /**
   * @param conversationsFolder see `ConversationStore.conversationsFolder`
   * @param storageFolder see storageFolders.ts
   */
  constructor(
    private readonly conversationsFolder: string,
    storageFolder: string,
    private readonly now: () => number,
  ) {
    this.folder = deletedFolderIn(storageFolder);
  }

  /** Takes a conversation that nobody has open out of the list. @throws what the file system says */
  async add(id: string): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const place = join(this.folder, id);
    await rm(place, erasing);
    await rename(join(this.conversationsFolder, id), place);
    const now = new Date(this.now());
    await utimes(place, now, now);
  }

  /** Puts it back. @throws what the file system says */
  async restore(id: string): Promise<void> {
    const place = join(this.conversationsFolder, id);
    // An engine that was about to write a last snapshot may have made the folder anew: there is no text in it.
    const names = await readdir(place).catch(() => undefined);
    if (names?.includes(conversationFiles.journal) === false) await rm(place, erasing);
    await rename(join(this.folder, id), place);
  }

  /** For good. */
  async erase(id: string): Promise<void> {
    await rm(join(this.folder, id), erasing);
  }

  /** Erases those whose window went away before it had asked. Never rejects. */
  async eraseOld(): Promise<void> {
    for (const id of await readdir(this.folder).catch(() => [])) {
      const place = join(this.folder, id);
      const found = await stat(place).catch(() => undefined);
      if (found !== undefined && found.mtimeMs < this.now() - keptFor) await rm(place, erasing).catch(() => undefined);
    }
  }
}

/** Where the deleted conversations of a workspace lie. */
export function deletedFolderIn(storageFolder: string): string {
  return join(storageFolder, "deleted");
}
