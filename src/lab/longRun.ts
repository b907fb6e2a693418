import { existsSync, readFileSync, rmSync } from "node:fs";
import { DaylongError } from "../base/errors.ts";
import { replaceFile } from "../files/replaceFile.ts";
import type { LabCells } from "./labCells.ts";

/** One stretch of a long text. */
export interface Stretch {
  /** Tokens read at its end. */
  readonly tokens: number;
  readonly scored: number;
  /** Sum of negative log-likelihoods, nats. */
  readonly loss: number;
  /** Resident memory of the process at its end, bytes. */
  readonly memory: number;
  readonly seconds: number;
}

interface Books {
  /** What was run: a run goes on with the same only. */
  readonly identity: string;
  readonly stretches: readonly Stretch[];
}
