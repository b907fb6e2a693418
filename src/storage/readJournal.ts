import { readFile } from "node:fs/promises";
import { JournalContent } from "./journalContent.ts";
import { decodeLine } from "./journalRecord.ts";

/** What was found wrong with a journal. */
export interface JournalReport {
  /** Lines that could not be read; the last one, torn off when a process died, is not among them. */
  readonly damagedLines: number;
  /** The last record was not finished. */
  readonly torn: boolean;
  /** Records that are missing by their numbers, those in damaged lines among them. */
  readonly missingRecords: number;
  /** A newer Daylong has written here: the file may be read, but not written. */
  readonly newer: boolean;
}

export interface JournalReading {
  readonly content: JournalContent;
  readonly report: JournalReport;
  /** The highest number of a record. */
  readonly sequence: number;
  readonly bytes: number;
}

/** Lines that are decoded before other work of this process gets its turn. */
const linesAtATime = 500;

/** Reads a journal as far as it can be read: whatever its bytes are, this does not fail. @throws only if there is no file */
export async function readJournal(path: string): Promise<JournalReading> {
  const bytes = await readFile(path);
  // Bytes that are no text become a replacement character, and the checksum of their line wrong.
  const lines = bytes.toString("utf8").split("\n");
  const content = new JournalContent();
  let sequence = 0;
  let damagedLines = 0;
  let missingRecords = 0;
  let torn = false;
  let newer = false;
  for (const [index, line] of lines.entries()) {
    if (index % linesAtATime === linesAtATime - 1) await new Promise((resolve) => setImmediate(resolve));
    if (line === "") continue;
    const decoded = decodeLine(line);
    if (decoded.state === "newer") newer = true;
    else if (decoded.state === "damaged") {
      if (index === lines.length - 1) torn = true;
      else damagedLines += 1;
    } else if (decoded.sequence > sequence) {
      if (sequence > 0) missingRecords += decoded.sequence - sequence - 1;
      sequence = decoded.sequence;
      content.apply(decoded.record);
    }
  }
  return { content, report: { damagedLines, torn, missingRecords, newer }, sequence, bytes: bytes.length };
}
