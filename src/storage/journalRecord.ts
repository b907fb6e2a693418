import { createHash } from "node:crypto";
import * as z from "zod/mini";
import { storedTurnChangeSchema, storedTurnSchema } from "./storedTurn.ts";

/** Of the format in docs/journal.md. A record with a higher one was written by a newer Daylong. */
const journalVersion = 1;

const turnSettings = z.object({
  model: z.string(),
  /** Tokens; 0: chosen for the model. */
  contextSize: z.number(),
  systemPrompt: z.string(),
  /** Null: as the model recommends. */
  temperature: z.nullable(z.number()),
  /** Other settings of sampling, as they stood in the settings file. */
  sampling: z.optional(z.record(z.string(), z.unknown())),
  maxTokens: z.number(),
});

const recordSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("conversation"),
    id: z.string(),
    /** Milliseconds since the epoch. */
    createdAt: z.number(),
    /** URI of the workspace with its remote authority; empty: none was open. */
    workspace: z.string(),
    /** Made by a second window on the same workspace. */
    beside: z.boolean(),
  }),
  z.object({ kind: z.literal("turn"), turn: storedTurnSchema }),
  z.object({ kind: z.literal("change"), id: z.string(), change: storedTurnChangeSchema }),
  z.object({
    kind: z.literal("text"),
    id: z.string(),
    channel: z.enum(["reply", "thought"]),
    /** Characters of the channel before this piece. */
    offset: z.int().check(z.nonnegative()),
    text: z.string(),
  }),
  z.object({ kind: z.literal("removed"), ids: z.array(z.string()) }),
  /** The tokens of a whole reply, as the model gave them: text alone can be cut into tokens in more than one way. */
  z.object({ kind: z.literal("tokens"), id: z.string(), tokens: z.array(z.int().check(z.nonnegative())) }),
  /** Turns whose cells were erased: the model has forgotten them. */
  z.object({ kind: z.literal("erased"), ids: z.array(z.string()) }),
  /** Erased turns that the model was shown again. */
  z.object({ kind: z.literal("broughtBack"), ids: z.array(z.string()) }),
  z.object({ kind: z.literal("settings"), id: z.string(), settings: turnSettings }),
]);

export type JournalRecord = z.infer<typeof recordSchema>;
export type ConversationHeader = Extract<JournalRecord, { kind: "conversation" }>;
export type TurnSettings = z.infer<typeof turnSettings>;

const lineSchema = z.object({ v: z.number(), seq: z.int(), sum: z.string(), record: z.unknown() });

/** What is wrong with a line, or the record that it holds. */
export type DecodedLine =
  | { readonly state: "good"; readonly sequence: number; readonly record: JournalRecord }
  | { readonly state: "damaged" }
  | { readonly state: "newer" };

/** One line of the journal, with the line break at its end. */
export function encodeRecord(sequence: number, record: JournalRecord): string {
  const body = JSON.stringify(record);
  const sum = checksum(journalVersion, sequence, body);
  return `{"v":${journalVersion},"seq":${sequence},"sum":"${sum}","record":${body}}\n`;
}

export function decodeLine(line: string): DecodedLine {
  const parsed = z.safeParse(lineSchema, parseJson(line));
  if (!parsed.success) return { state: "damaged" };
  const { v, seq, sum, record } = parsed.data;
  if (sum !== checksum(v, seq, JSON.stringify(record))) return { state: "damaged" };
  if (v > journalVersion) return { state: "newer" };
  const checked = z.safeParse(recordSchema, record);
  return checked.success ? { state: "good", sequence: seq, record: checked.data } : { state: "damaged" };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The first 16 hexadecimal digits of SHA-256 over version, sequence number and record. */
function checksum(version: number, sequence: number, body: string): string {
  return createHash("sha256").update(`${version}:${sequence}:${body}`).digest("hex").slice(0, 16);
}
