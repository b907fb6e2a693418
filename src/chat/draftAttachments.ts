import { randomUUID } from "node:crypto";
import type { AttachmentSource, AttachmentWorkspace } from "../attachments/attachment.ts";
import { readAttachment } from "../attachments/readAttachment.ts";
import { toErrorData, type ErrorData } from "../base/errors.ts";
import type { AttachmentView, DraftAttachmentView } from "../messages/chatMessages.ts";

export interface DraftAttachmentsOptions {
  readonly workspace: AttachmentWorkspace;
  readonly translate: (message: string, ...values: (string | number)[]) => string;
  /** An error in words made for the user. */
  readonly describe: (error: ErrorData) => string;
  readonly onDidChange: () => void;
}

/** Characters of a token, roughly, until a model is there to count. */
const charactersPerToken = 3.5;

/** What is attached to the message that is being typed: read at once, and read again when the user asks for it. */
export class DraftAttachments {
  private list: DraftAttachmentView[] = [];
  private readonly reading = new Set<Promise<void>>();

  constructor(private readonly options: DraftAttachmentsOptions) {}

  get all(): readonly DraftAttachmentView[] {
    return this.list;
  }

  /** Those that can be sent, as the turn keeps them. */
  get ready(): AttachmentView[] {
    return this.list.filter(({ state }) => state === "ready").map(plain);
  }

  /** Attaches something, unless the same is attached already. */
  async add(source: AttachmentSource): Promise<void> {
    const place = { uri: "", firstLine: 0, lastLine: 0, ...source };
    const isThere = ({ kind, uri, firstLine, lastLine }: AttachmentView): boolean =>
      kind === source.kind &&
      kind !== "text" &&
      uri === place.uri &&
      firstLine === place.firstLine &&
      lastLine === place.lastLine;
    const known = this.list.find(isThere);
    if (known !== undefined) {
      if (known.changed || known.state === "failed") await this.refresh(known.id);
      return;
    }
    const id = randomUUID();
    this.list = [...this.list, { ...blank, id, kind: source.kind, label: placeName(source), uri: place.uri }];
    this.options.onDidChange();
    await this.read(id, source);
  }

  remove(id: string): void {
    this.list = this.list.filter((attachment) => attachment.id !== id);
    this.options.onDidChange();
  }

  /** Reads it again, as it is now: another text, so another id. */
  async refresh(id: string): Promise<void> {
    const attachment = this.list.find((candidate) => candidate.id === id);
    if (attachment === undefined || attachment.kind === "text") return;
    const next = randomUUID();
    this.change(id, { id: next, state: "reading", changed: false, ahead: false, problem: "" });
    await this.read(next, sourceOf(attachment));
  }

  /** Looks whether what was attached of this file is still what stands there. */
  async check(uri: string): Promise<void> {
    const { workspace, translate } = this.options;
    const affected = this.list.filter(
      (each) => each.uri === uri && each.state === "ready" && (each.kind === "file" || each.kind === "symbol"),
    );
    for (const attachment of affected) {
      const now = await readAttachment(workspace, sourceOf(attachment), translate).catch(() => undefined);
      const changed = now?.text !== attachment.text;
      if (changed !== attachment.changed) this.change(attachment.id, { changed });
    }
  }

  /** Takes the counts of a model in the place of the estimates. */
  async count(countTokens: (text: string) => Promise<number>): Promise<void> {
    for (const { id, text, state, approximate } of this.list) {
      if (state === "ready" && approximate) this.change(id, { tokens: await countTokens(text), approximate: false });
    }
  }

  /** Another model counts differently. */
  forgetCounts(): void {
    this.list = this.list.map((attachment) => ({ ...attachment, approximate: true, ahead: false }));
  }

  setAhead(ids: readonly string[]): void {
    if (this.list.every(({ id, ahead }) => ahead === ids.includes(id))) return;
    this.list = this.list.map((attachment) => ({ ...attachment, ahead: ids.includes(attachment.id) }));
    this.options.onDidChange();
  }

  get isReading(): boolean {
    return this.reading.size > 0;
  }

  /** Resolves when everything that was attached has been read, or could not be. */
  async settled(): Promise<void> {
    while (this.reading.size > 0) await Promise.all(this.reading);
  }

  /** Puts others in the place of all. */
  open(attachments: readonly AttachmentView[]): void {
    this.list = attachments.map((attachment) => ({ ...blank, ...attachment, state: "ready" }));
    for (const uri of new Set(attachments.map(({ uri }) => uri))) if (uri !== "") void this.check(uri);
  }

  private read(id: string, source: AttachmentSource): Promise<void> {
    const { workspace, translate, describe } = this.options;
    const reading = readAttachment(workspace, source, translate).then(
      (read) => {
        const tokens = Math.ceil(read.text.length / charactersPerToken);
        this.change(id, { ...read, state: "ready", tokens, approximate: true });
      },
      (error: unknown) => this.change(id, { state: "failed", problem: describe(toErrorData(error)) }),
    );
    this.reading.add(reading);
    return reading.finally(() => this.reading.delete(reading));
  }

  private change(id: string, change: Partial<DraftAttachmentView>): void {
    this.list = this.list.map((attachment) => (attachment.id === id ? { ...attachment, ...change } : attachment));
    this.options.onDidChange();
  }
}

const blank: DraftAttachmentView = {
  id: "",
  kind: "file",
  label: "",
  detail: "",
  tokens: 0,
  text: "",
  uri: "",
  firstLine: 0,
  lastLine: 0,
  state: "reading",
  problem: "",
  hint: "",
  approximate: true,
  changed: false,
  ahead: false,
};

/** Without what holds only while the message is being typed. */
export function plain(attachment: AttachmentView): AttachmentView {
  const { id, kind, label, detail, tokens, text, uri, firstLine, lastLine } = attachment;
  return { id, kind, label, detail, tokens, text, uri, firstLine, lastLine };
}

function sourceOf({ kind, uri, label, text, firstLine, lastLine }: AttachmentView): AttachmentSource {
  switch (kind) {
    case "file":
      return { kind, uri, firstLine, lastLine };
    case "symbol":
      return { kind, uri, name: label, firstLine, lastLine };
    case "folder":
      return { kind, uri };
    case "problems":
      return { kind };
    case "text":
      return { kind, name: label, text };
  }
}

/** What it is called until it has been read. */
function placeName(source: AttachmentSource): string {
  switch (source.kind) {
    case "problems":
      return "…";
    case "text":
      return source.name === "" ? "…" : source.name;
    case "symbol":
      return source.name;
    case "file":
    case "folder":
      return decodeURIComponent(source.uri.replace(/\/$/, "").replace(/^.*\//, ""));
  }
}
