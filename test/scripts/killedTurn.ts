import { createHash } from "node:crypto";
import type { StoredTurn } from "../../src/storage/storedTurn.ts";

/** What the killed writer says of a turn once that is on disk: one JSON line. */
export interface KeptTurn {
  readonly id: string;
  /** Grows with every new reply. */
  readonly version: number;
  /** Characters of the reply that are on disk. */
  readonly length: number;
  readonly finished: boolean;
}

/** The whole reply of a turn in one version: known to writer and reader, up to some thousand characters. */
export function replyOf(id: string, version: number): string {
  const digest = createHash("sha256").update(`${id}:${version}`).digest("hex");
  return Array.from(
    { length: 1 + (parseInt(digest.slice(0, 2), 16) % 40) },
    (_, index) => `${digest} ä🙂\n"${index}" `,
  ).join("");
}

export function killedTurn(id: string, version: number): StoredTurn {
  return {
    id,
    user: `${id} version ${version}`,
    attachments: [],
    sentAt: 1_700_000_000_000,
    reply: "",
    thought: "",
    thoughtMs: 0,
    status: "pending",
    pinned: false,
    timeToFirstTokenMs: 0,
    tokensPerSecond: 0,
    replyTokens: 0,
    omittedTokens: 0,
    note: "",
    error: null,
  };
}
