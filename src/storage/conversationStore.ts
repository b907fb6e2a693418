import { randomUUID } from "node:crypto";
import { open, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { DaylongError } from "../base/errors.ts";
import { ProcessLock } from "../files/processLock.ts";
import { replaceFile } from "../files/replaceFile.ts";
import { readTitle, titleOf, writeTitle } from "./conversationTitle.ts";
import { DeletedConversations } from "./deletedConversations.ts";
import { JournalContent } from "./journalContent.ts";
import { decodeLine, type ConversationHeader } from "./journalRecord.ts";
import { readJournal } from "./readJournal.ts";
import { conversationFiles, StoredConversation } from "./storedConversation.ts";
import { interruptedTurn, type StoredTurn } from "./storedTurn.ts";

/** Milliseconds that a window waits for a conversation that another process has open: its old self may be ending. */
const reloadPatience = 2_500;
/** Bytes at the front of a journal that are read for the list: the header and the first message. */
const frontBytes = 64 * 1024;

const idSchema = z.string().check(z.regex(/^[0-9a-f]{8}-[0-9a-f-]{27}$/));
const currentSchema = z.object({ version: z.literal(1), id: idSchema });

export interface ConversationStoreOptions {
  /** See storageFolders.ts. */
  readonly folder: string;
  /** URI of the workspace with its remote authority; empty: none is open. */
  readonly workspace: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly onDidFail: (error: unknown) => void;
  readonly onDidLose: () => void;
  readonly reloadPatience?: number;
}

export interface ConversationSummary {
  readonly id: string;
  /** What the user calls it, or the beginning of the first message; empty if there is none that can be read. */
  readonly title: string;
  /** Milliseconds since the epoch. */
  readonly usedAt: number;
  readonly beside: boolean;
  /** Whether a process has it open. */
  readonly isOpen: boolean;
}

/** The conversations of one workspace: which there are, which is the current one, and their opening. */
export class ConversationStore {
  /** Whether this window found the current conversation in another window's hands, and has its own. */
  private beside = false;
  private leftAlone = false;
  readonly deleted: DeletedConversations;

  constructor(private readonly options: ConversationStoreOptions) {
    this.deleted = new DeletedConversations(this.conversationsFolder, options.folder, options.now);
  }

  get isBeside(): boolean {
    return this.beside;
  }

  /** Whether the current conversation could not be opened although nobody has it open: it is a newer Daylong's. */
  get hasLeftAlone(): boolean {
    return this.leftAlone;
  }

  /** The folder that holds a folder for each conversation. */
  get conversationsFolder(): string {
    return conversationsFolderIn(this.options.folder);
  }

  /** The conversation that was open last; where another window has it, one of this window's own. Never rejects. */
  async openCurrent(): Promise<StoredConversation> {
    await this.removeEmptyFolders();
    await this.deleted.eraseOld();
    const id = (await this.readCurrent()) ?? (await this.list())[0]?.id;
    const current =
      id === undefined ? undefined : await this.tryOpen(id, this.options.reloadPatience ?? reloadPatience);
    if (current !== undefined) return current;
    if (id === undefined) return this.openNew();
    this.beside = await ProcessLock.isHeld(join(this.folderOf(id), conversationFiles.lock));
    this.leftAlone = !this.beside;
    if (this.leftAlone) return this.openNew();
    for (const candidate of (await this.list()).filter(({ beside, isOpen }) => beside && !isOpen)) {
      const own = await this.tryOpen(candidate.id, 0);
      if (own !== undefined) return own;
    }
    return this.openNew();
  }

  /** A conversation without a word, which leaves nothing on disk before there is one. */
  async openNew(): Promise<StoredConversation> {
    const id = randomUUID();
    const conversation = await this.tryOpen(id, 0);
    if (conversation === undefined) throw new Error("a folder that nobody knows yet is in use");
    return conversation;
  }

  /** Undefined: another window has it open. */
  open(id: string): Promise<StoredConversation | undefined> {
    return this.tryOpen(id, 0);
  }

  /** Newest first. */
  async list(): Promise<ConversationSummary[]> {
    const ids = await conversationIds(this.conversationsFolder);
    const summaries = await Promise.all(ids.map((id) => this.summary(id)));
    return summaries.filter((summary) => summary !== undefined).sort((one, other) => other.usedAt - one.usedAt);
  }

  /** Gives it a name of its own; an empty one takes that away. @throws what the file system says */
  rename(id: string, title: string): Promise<void> {
    return writeTitle(this.folderOf(id), title);
  }

  /** Whether a process has it open. */
  isOpen(id: string): Promise<boolean> {
    return ProcessLock.isHeld(join(this.folderOf(id), conversationFiles.lock));
  }

  /** The turns as they are on disk, oldest first, whoever has it open. @throws DaylongError `conversation-unknown` */
  async read(id: string): Promise<readonly StoredTurn[]> {
    try {
      const { content } = await readJournal(join(this.folderOf(id), conversationFiles.journal));
      return content.turns.map(interruptedTurn);
    } catch {
      throw new DaylongError("conversation-unknown", "This conversation is no longer there.");
    }
  }

  private async tryOpen(id: string, wait: number): Promise<StoredConversation | undefined> {
    const { workspace, now, onDidFail, onDidLose } = this.options;
    const header: ConversationHeader = { kind: "conversation", id, createdAt: now(), workspace, beside: this.beside };
    const conversation = await StoredConversation.open({
      folder: this.folderOf(id),
      header,
      wait,
      onDidFail,
      onDidLose,
    });
    if (conversation !== undefined && !this.beside) await this.writeCurrent(id);
    return conversation;
  }

  private async summary(id: string): Promise<ConversationSummary | undefined> {
    const folder = this.folderOf(id);
    try {
      const path = join(folder, conversationFiles.journal);
      const { mtimeMs } = await stat(path);
      const { header, turns } = await readFront(path);
      const title = (await readTitle(folder)) ?? titleOf(turns[0]?.user ?? "");
      return { id, title, usedAt: mtimeMs, beside: header?.beside ?? false, isOpen: await this.isOpen(id) };
    } catch {
      return undefined; // no journal
    }
  }

  private folderOf(id: string): string {
    return join(this.conversationsFolder, id);
  }

  private get currentPath(): string {
    return join(this.options.folder, "current.json");
  }

  private async readCurrent(): Promise<string | undefined> {
    try {
      const parsed = z.safeParse(currentSchema, JSON.parse(await readFile(this.currentPath, "utf8")));
      return parsed.success ? parsed.data.id : undefined;
    } catch {
      return undefined; // not written yet, or damaged: the newest conversation is taken
    }
  }

  private async writeCurrent(id: string): Promise<void> {
    try {
      await replaceFile(this.currentPath, [JSON.stringify({ version: 1, id })]);
    } catch {
      // Without it, the newest conversation is the current one.
    }
  }

  /** What a window or an engine process left of a conversation that has no text. */
  private async removeEmptyFolders(): Promise<void> {
    for (const id of await conversationIds(this.conversationsFolder)) {
      const folder = this.folderOf(id);
      const names = await readdir(folder).catch(() => ["journal"]);
      if (names.some((name) => name.startsWith("journal"))) continue;
      if (await ProcessLock.isHeld(join(folder, conversationFiles.lock))) continue;
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

export function conversationsFolderIn(storageFolder: string): string {
  return join(storageFolder, "conversations");
}

/** Names of the folders that hold a conversation. */
export async function conversationIds(conversationsFolder: string): Promise<string[]> {
  const names = await readdir(conversationsFolder).catch(() => []);
  return names.filter((name) => z.safeParse(idSchema, name).success);
}

async function readFront(path: string): Promise<JournalContent> {
  const content = new JournalContent();
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(frontBytes), 0, frontBytes, 0);
    for (const line of buffer.toString("utf8", 0, bytesRead).split("\n")) {
      const decoded = decodeLine(line);
      if (decoded.state === "good") content.apply(decoded.record);
    }
  } finally {
    await file.close();
  }
  return content;
}
