import { randomUUID } from "node:crypto";
import type { AttachmentSource, AttachmentWorkspace } from "../attachments/attachment.ts";
import { looksLikePath } from "../attachments/pastedPath.ts";
import type { Disposable } from "../base/disposable.ts";
import type { ErrorData } from "../base/errors.ts";
import type { CacheState, Engine } from "../engine/engine.ts";
import type {
  AttachmentView,
  ComposerIntent,
  ComposerView,
  CostView,
  ModelView,
  QueuedMessageView,
  TurnView,
} from "../messages/chatMessages.ts";
import type { ChatHost } from "./chatHost.ts";
import { DraftAttachments, plain } from "./draftAttachments.ts";
import type { DraftStore } from "./draftStore.ts";
import { Mentions } from "./mentions.ts";
import { MessageOutlook } from "./messageOutlook.ts";
import { MessageQueue } from "./messageQueue.ts";
import { expandMessage, parseSlashCommand, slashCompletions, type SlashCommandName } from "./slashCommands.ts";
import type { SlashRunner } from "./slashRunner.ts";
import { newTurn } from "./transcript.ts";
import type { ChatDelta } from "./viewChannel.ts";

export interface ComposerOptions {
  readonly engine: Engine;
  readonly workspace: AttachmentWorkspace;
  readonly drafts: DraftStore | undefined;
  readonly host: ChatHost;
  readonly describe: (error: ErrorData) => string;
  readonly now: () => number;
  readonly tell: (delta: ChatDelta) => void;
  /** Whether a model is loaded that knows the conversation. */
  readonly isReady: () => boolean;
  /** Whether a reply is running. */
  readonly isBusy: () => boolean;
  /** The user has begun to write: the moment to load the model. */
  readonly wake: () => void;
  /** Adds a turn and answers it. Resolves when the reply has ended; `false`: it failed, or was stopped. */
  readonly start: (turn: TurnView) => Promise<boolean>;
  /** Of the conversation that is open; empty: it is not kept. */
  readonly conversationId: () => string;
  /** Whether the newest reply is whole. */
  readonly endedWell: () => boolean;
  /** What is asked for with a slash and is no message. */
  readonly commands: Pick<SlashRunner, "canRun" | "run">;
  /** An attachment of a turn. */
  readonly findSent: (id: string) => AttachmentView | undefined;
}

/** Commands that the model answers; the others are done at once, also while a reply runs. */
const messageCommands: ReadonlySet<SlashCommandName> = new Set(["fix", "tests", "docs"]);

/** Milliseconds in which changes of a draft are gathered before it is kept. */
const keepMs = 500;

/** Owns the message that is being typed, with all that is attached to it, and the messages that wait for a reply. */
export class Composer implements Disposable {
  readonly attachments: DraftAttachments;
  readonly queue: MessageQueue;
  private readonly mentions: Mentions;
  private readonly outlook: MessageOutlook;
  private readonly watching: Disposable;
  private conversation = "";
  private text = "";
  private draft: { readonly key: string } = { key: randomUUID() };
  /** Of the turn that the message will be. */
  private turnId: string = randomUUID();
  private cost: CostView | null = null;
  private offer: (ComposerView["offer"] & { readonly isFolder: boolean }) | null = null;
  private keeping: ReturnType<typeof setTimeout> | undefined;
  private telling = false;
  private readonly translate = (text: string, ...values: (string | number)[]): string =>
    this.options.host.translate(text, ...values);

  constructor(private readonly options: ComposerOptions) {
    const { engine, workspace, describe, host } = options;
    const { translate } = this;
    this.attachments = new DraftAttachments({
      workspace,
      translate,
      describe,
      onDidChange: () => this.changed(),
    });
    this.queue = new MessageQueue({
      isBusy: options.isBusy,
      send: (message) => this.start(message),
      onDidChange: () => {
        this.keepSoon();
        this.tell();
      },
    });
    this.mentions = new Mentions(workspace, translate);
    this.outlook = new MessageOutlook({
      engine,
      message: () => {
        if (!options.isReady() || options.isBusy()) return undefined;
        const attachments = this.attachments.ready;
        return { turnId: this.turnId, text: this.expanded(), attachments };
      },
      onDidPlan: (cost) => this.show(cost),
      onDidReadAhead: (ids) => this.attachments.setAhead(ids),
      log: (line) => host.log(line),
    });
    this.watching = workspace.onDidChangeFile((uri) => void this.attachments.check(uri));
  }

  get view(): ComposerView {
    const { draft, text, cost, queue, offer } = this;
    return {
      draft: { ...draft, text },
      attachments: this.attachments.all.map((attachment) => ({ ...attachment, text: "" })),
      queue: queue.all.map((message) => ({
        ...message,
        attachments: message.attachments.map((attachment) => ({ ...attachment, text: "" })),
      })),
      queueWaits: queue.waits,
      cost,
      offer: offer === null ? null : { uri: offer.uri, label: offer.label },
      sendWith: this.options.host.settings().sendWith,
    };
  }

  /** Puts what was typed in the conversation that is open now in the place of what is here. */
  open(): void {
    const conversation = this.options.conversationId();
    if (conversation === this.conversation) return;
    if (this.conversation !== "") this.keep();
    const isFirst = this.conversation === "";
    this.conversation = conversation;
    const stored = this.options.drafts?.read(conversation);
    // What was typed before the stored conversation was there belongs to it.
    if (isFirst && stored === undefined && !this.isEmpty) return;
    this.replaceDraft(stored?.text ?? "");
    this.attachments.open(stored?.attachments ?? []);
    this.queue.open(stored?.queue ?? []);
    this.changed();
  }

  /** Attaches what a command of the workbench names. */
  async attach(sources: readonly AttachmentSource[]): Promise<void> {
    this.options.wake();
    for (const source of sources) await this.attachments.add(source);
  }

  async handle(intent: ComposerIntent): Promise<void> {
    const { workspace, tell } = this.options;
    switch (intent.type) {
      case "draft":
        // Of a draft that has gone meanwhile.
        if (intent.key !== this.draft.key) return;
        this.text = intent.text;
        this.keepSoon();
        this.outlook.update();
        return;
      case "complete": {
        const items =
          intent.trigger === "/"
            ? slashCompletions(intent.query, (name) => this.options.commands.canRun(name), this.translate)
            : await this.mentions.complete(intent.query);
        tell({ type: "completions", request: intent.request, items });
        return;
      }
      case "attachItem": {
        const source = this.mentions.find(intent.id);
        if (source !== undefined) await this.attach([source]);
        return;
      }
      case "attachUris":
        await this.attachUris(intent.uris);
        return;
      case "attachText":
        await this.attach([{ kind: "text", name: intent.name, text: intent.text }]);
        return;
      case "pastedPath": {
        const found = looksLikePath(intent.text) ? await workspace.find(intent.text.trim()) : undefined;
        if (found === undefined) return;
        this.offer = { ...found, label: decodeURIComponent(found.uri.replace(/\/$/, "").replace(/^.*\//, "")) };
        this.tell();
        return;
      }
      case "answerOffer": {
        const { offer } = this;
        this.offer = null;
        this.tell();
        if (offer !== null && intent.accept) await this.attach([sourceFor(offer)]);
        return;
      }
      case "removeAttachment":
        this.attachments.remove(intent.id);
        return;
      case "refreshAttachment":
        await this.attachments.refresh(intent.id);
        return;
      case "openAttachment":
        await this.openAttachment(intent.id);
        return;
      case "editQueued":
        this.queue.edit(intent.id, intent.text);
        return;
      case "removeQueued":
        this.queue.remove(intent.id);
        return;
      case "sendQueued":
        await this.queue.goOn();
    }
  }

  /** Sends what was typed, or lets it wait for the reply that runs. */
  async submit(typed: string): Promise<void> {
    const message = typed.trim();
    if (message === "") return;
    const command = parseSlashCommand(message);
    const { commands } = this.options;
    if (command !== undefined && !messageCommands.has(command.name) && commands.canRun(command.name)) {
      this.typed("");
      await commands.run(command.name, message);
      return;
    }
    const { text, needsCode } = expandMessage(message);
    if (needsCode && this.attachments.all.length === 0) {
      const selection = await this.options.workspace.selection();
      if (selection !== undefined) await this.attachments.add(selection);
    }
    if (this.attachments.isReading) await this.attachments.settled();
    if (this.attachments.all.some(({ approximate }) => approximate)) await this.count();
    const next: QueuedMessageView = { id: this.turnId, text, attachments: this.attachments.ready };
    this.turnId = randomUUID();
    this.offer = null;
    this.attachments.open([]);
    this.typed("");
    if (this.options.isBusy()) {
      this.queue.add(next);
      return;
    }
    this.queue.replyEnded(await this.start(next));
  }

  /** A reply that was not begun here has ended. */
  replyEnded(): void {
    this.queue.replyEnded(this.options.endedWell());
    this.outlook.update();
  }

  /** The model's memory has changed. */
  followCache(cache: CacheState): void {
    this.outlook.follow(cache);
    if (this.isEmpty) return;
    this.outlook.update();
    if (this.attachments.all.some(({ approximate }) => approximate)) void this.count().catch(() => undefined);
  }

  /** Another model, or none yet: nothing is known of costs. */
  follow({ state }: ModelView): void {
    if (state === "ready" || (state === "loading" && this.cost === null)) return;
    this.attachments.forgetCounts();
    this.outlook.forget();
    this.show(null);
    this.changed();
  }

  settingsChanged(): void {
    this.tell();
  }

  /** What is typed is kept before the window goes. */
  dispose(): void {
    this.keep();
    this.outlook.dispose();
    this.watching.dispose();
  }

  private get isEmpty(): boolean {
    return this.text === "" && this.attachments.all.length + this.queue.all.length === 0;
  }

  private expanded(): string {
    const command = parseSlashCommand(this.text);
    return command === undefined || messageCommands.has(command.name) ? expandMessage(this.text).text : "";
  }

  private async start({ id, text, attachments }: QueuedMessageView): Promise<boolean> {
    this.outlook.forget();
    return this.options.start(newTurn(id, text, this.options.now(), attachments.map(plain)));
  }

  private async attachUris(uris: readonly string[]): Promise<void> {
    const found = await Promise.all(uris.map((uri) => this.options.workspace.find(uri)));
    // One that cannot be found is attached too: its chip says so.
    await this.attach(uris.map((uri, index) => sourceFor(found[index] ?? { uri, isFolder: false })));
  }

  private async openAttachment(id: string): Promise<void> {
    const all = [...this.attachments.all, ...this.queue.all.flatMap(({ attachments }) => attachments)];
    const attachment = all.find((candidate) => candidate.id === id) ?? this.options.findSent(id);
    if (attachment === undefined) return;
    const { uri, text, firstLine, lastLine } = attachment;
    if (uri === "" && text !== "") await this.options.workspace.show(text);
    else if (uri !== "") await this.options.workspace.open(uri, firstLine, lastLine);
  }

  private replaceDraft(text: string): void {
    this.text = text;
    this.draft = { key: randomUUID() };
    this.turnId = randomUUID();
    this.outlook.forget();
    this.cost = null;
  }

  /** What the view has put into its input by itself. */
  private typed(text: string): void {
    this.text = text;
    this.cost = null;
    this.changed();
  }

  private changed(): void {
    this.keepSoon();
    this.outlook.update();
    this.tell();
    if (this.options.isReady()) void this.count().catch(() => undefined);
  }

  private async count(): Promise<void> {
    if (!this.options.isReady()) return;
    await this.attachments.count((text) => this.options.engine.countTokens(text));
  }

  private show(cost: CostView | null): void {
    if (JSON.stringify(cost) === JSON.stringify(this.cost)) return;
    this.cost = cost;
    this.tell();
  }

  /** Several changes in one go are told once. */
  private tell(): void {
    if (this.telling) return;
    this.telling = true;
    queueMicrotask(() => {
      this.telling = false;
      this.options.tell({ type: "composer", composer: this.view });
    });
  }

  private keepSoon(): void {
    clearTimeout(this.keeping);
    this.keeping = setTimeout(() => this.keep(), keepMs);
  }

  private keep(): void {
    clearTimeout(this.keeping);
    const { text, conversation } = this;
    const kept = { text, attachments: this.attachments.ready, queue: this.queue.all };
    if (conversation !== "") void this.options.drafts?.write(conversation, kept);
  }
}

function sourceFor({ uri, isFolder }: { readonly uri: string; readonly isFolder: boolean }): AttachmentSource {
  return isFolder ? { kind: "folder", uri } : { kind: "file", uri, firstLine: 0, lastLine: 0 };
}
