/** What a window that will be killed says of one of its conversations: one JSON line each. */
export type WindowStatement = { readonly conversation: number } & (
  | EngineStatement
  /** A turn whose message or reply the user has asked to be replaced. */
  | { readonly replacing: string }
  | FinishedTurn
  /** An operation that has ended, in milliseconds. */
  | { readonly took: number }
);

/** The process of the conversation's engine; 0: none. */
export interface EngineStatement {
  readonly engine: number;
}

/** A finished turn that is on disk. */
export interface FinishedTurn {
  readonly id: string;
  readonly user: string;
  readonly reply: string;
}

/** What the window is told, as JSON in its first argument. */
export interface KilledWindowOptions {
  /** Where each conversation is kept. */
  readonly folders: readonly string[];
  readonly seed: number;
  readonly enginePath: string;
  readonly modelPath: string;
  /** For what is learned about the model. */
  readonly storagePath: string;
}
