import * as z from "zod/mini";
import { DaylongError } from "../base/errors.ts";
import { titleLength, titleOf } from "../storage/conversationTitle.ts";
import { interruptedTurn, storedTurnSchema, type StoredTurn } from "../storage/storedTurn.ts";

/** A conversation on its way from one place to another. */
export interface PortableConversation {
  readonly title: string;
  /** Oldest first. */
  readonly turns: readonly StoredTurn[];
}

const format = "daylong-conversation";
const formatVersion = 1;
/** Longest file that is read, in characters. */
const longestImport = 64_000_000;

const envelopeSchema = z.object({ format: z.literal(format), version: z.int() });
const contentSchema = z.object({
  title: z.string(),
  turns: z.array(storedTurnSchema).check(z.maxLength(100_000)),
});
const idSchema = z.string().check(z.minLength(1), z.maxLength(200));

/** Everything that is known of a conversation, to be read by {@link parseConversation}. `now`: epoch milliseconds. */
export function exportJson({ title, turns }: PortableConversation, now: number): string {
  const exportedAt = new Date(now).toISOString();
  return `${JSON.stringify({ format, version: formatVersion, title, exportedAt, turns }, undefined, 2)}\n`;
}

/**
 * What {@link exportJson} has written. Ids are those of the file; replies that were running are marked as interrupted.
 *
 * @throws DaylongError `import-unreadable`, `import-newer`
 */
export function parseConversation(text: string): PortableConversation {
  const value = text.length > longestImport ? undefined : parseJson(text);
  const envelope = z.safeParse(envelopeSchema, value);
  if (!envelope.success) throw unreadable("it is not in the format of an export");
  if (envelope.data.version > formatVersion) {
    throw new DaylongError(
      "import-newer",
      "This conversation was exported by a newer Daylong. Update Daylong to import it.",
    );
  }
  const content = z.safeParse(contentSchema, value);
  if (!content.success) throw unreadable(z.prettifyError(content.error));
  const { title, turns } = content.data;
  const ids = new Set(turns.map(({ id }) => id));
  if (turns.length === 0) throw unreadable("it has no turns");
  if (ids.size < turns.length || [...ids].some((id) => !z.safeParse(idSchema, id).success)) {
    throw unreadable("its turns have no names of their own");
  }
  return { title: titleOf(title), turns: turns.map(interruptedTurn) };
}

/** A name for the file, without an extension, that every file system takes. */
export function exportFileName(title: string): string {
  const plain = title.normalize("NFC").replace(/[^\p{L}\p{N}._-]+/gu, " ");
  const name = plain
    .trim()
    .replace(/ /g, "-")
    .slice(0, titleLength / 2);
  return name.replace(/^[.-]+|[.-]+$/g, "") || "conversation";
}

function unreadable(detail: string): DaylongError {
  return new DaylongError(
    "import-unreadable",
    "This file is not a conversation that Daylong has exported as JSON. Choose another one.",
    detail,
  );
}

function parseJson(text: string): unknown {
  try {
    // An editor may have put a byte-order mark in front.
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    return undefined;
  }
}
