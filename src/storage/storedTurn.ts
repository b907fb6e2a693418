import * as z from "zod/mini";

/** The defaults are for journals that were written before a field was kept. */
export const storedAttachmentSchema = z.object({
  id: z.string(),
  kind: z._default(z.enum(["file", "symbol", "folder", "problems", "text"]), "file"),
  label: z.string(),
  detail: z._default(z.string(), ""),
  tokens: z.number(),
  /** What the model read. */
  text: z._default(z.string(), ""),
  uri: z._default(z.string(), ""),
  /** Counted from 1; 0: all of it. */
  firstLine: z._default(z.number(), 0),
  lastLine: z._default(z.number(), 0),
});

const fields = {
  id: z.string(),
  user: z.string(),
  attachments: z.readonly(z.array(storedAttachmentSchema)),
  /** Milliseconds since the epoch. */
  sentAt: z.number(),
  reply: z.string(),
  thought: z.string(),
  thoughtMs: z.number(),
  status: z.enum(["pending", "prefilling", "streaming", "done", "stopped", "failed"]),
  pinned: z.boolean(),
  timeToFirstTokenMs: z.number(),
  tokensPerSecond: z.number(),
  replyTokens: z.number(),
  /** Tokens of the message that did not fit and were left out. */
  omittedTokens: z.number(),
  note: z.enum(["", "stopped", "loop", "maxTokens", "interrupted"]),
  error: z.nullable(z.object({ code: z.string(), message: z.string() })),
};

/** A turn as it is kept: what a reader of the transcript sees, without what is true only while the model is loaded. */
export const storedTurnSchema = z.object(fields);
export const storedTurnChangeSchema = z.partial(storedTurnSchema);

export type StoredTurn = Readonly<z.infer<typeof storedTurnSchema>>;
/** The fields that changed. */
export type StoredTurnChange = { readonly [Name in keyof StoredTurn]?: StoredTurn[Name] | undefined };

/** Names of all fields, for taking a kept turn out of a larger object. */
export const storedTurnFields = Object.keys(fields) as (keyof StoredTurn)[];

export function isFinished(status: StoredTurn["status"]): boolean {
  return status === "done" || status === "stopped" || status === "failed";
}

/** A turn whose reply was running when everything went away: kept as far as it came, and marked so. */
export function interruptedTurn(turn: StoredTurn): StoredTurn {
  return isFinished(turn.status) ? turn : { ...turn, status: "stopped", note: "interrupted", error: null };
}
