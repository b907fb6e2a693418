import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { replaceFile } from "../files/replaceFile.ts";

/** Longest title, in characters. */
export const titleLength = 80;

/** Beside the journal, so that a conversation can be named whoever has it open. */
const fileName = "title.json";
const schema = z.object({ version: z.literal(1), title: z.string() });

/** The name that the user has given to a conversation; undefined: none. */
export async function readTitle(folder: string): Promise<string | undefined> {
  try {
    const parsed = z.safeParse(schema, JSON.parse(await readFile(join(folder, fileName), "utf8")));
    return parsed.success && parsed.data.title !== "" ? titleOf(parsed.data.title) : undefined;
  } catch {
    return undefined; // never named, or damaged: its first message names it
  }
}

/** Empty: its first message names it again. @throws what the file system says */
export async function writeTitle(folder: string, title: string): Promise<void> {
  await replaceFile(join(folder, fileName), [JSON.stringify({ version: 1, title: titleOf(title) })]);
}

/** One line of a text, short enough for a list. */
export function titleOf(text: string): string {
  return text.trim().replace(/\s+/g, " ").slice(0, titleLength);
}
