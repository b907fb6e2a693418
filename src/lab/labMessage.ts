import type { ErrorData } from "../base/errors.ts";

/** What the lab tells whoever forked it. Results go by files: they are large. */
export type LabMessage =
  | { readonly type: "plan"; readonly experiments: readonly { readonly name: string; readonly title: string }[] }
  | { readonly type: "progress"; readonly experiment: string; readonly fraction: number; readonly what: string }
  /** Pictures lie beside the file, as {@link pictureName} says. */
  | { readonly type: "result"; readonly experiment: string; readonly file: string }
  /** That one is left out, the others go on. */
  | { readonly type: "failed"; readonly experiment: string; readonly error: ErrorData };

/** File name of a picture, beside the JSON of its experiment. */
export function pictureName(experiment: string, plot: string): string {
  return `${experiment}-${plot}.svg`;
}
