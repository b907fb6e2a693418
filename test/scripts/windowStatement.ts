/** What a window that will be killed says: one JSON line each. */
export type WindowStatement =
  /** Its engine's process, and where the model's memory came from; empty: said before. */
  | { readonly engine: number; readonly restored: string }
  /** A turn whose reply the user has asked to be replaced. */
  | { readonly replacing: string }
  /** A finished turn that is on disk. */
  | { readonly id: string; readonly user: string; readonly reply: string };
