import { readFileSync } from "node:fs";
import { DaylongError } from "../base/errors.ts";
import type { ReplyOptions } from "../engine/engine.ts";
import { number, wholeNumber } from "./numbers.ts";

/** Flags that say how replies are sampled, for `parseArgs`. */
export const replyFlags = {
  temperature: { type: "string" },
  "top-k": { type: "string" },
  "top-p": { type: "string" },
  "min-p": { type: "string" },
  "repeat-penalty": { type: "string" },
  seed: { type: "string" },
  "max-tokens": { type: "string" },
  stop: { type: "string", multiple: true },
  "json-schema": { type: "string" },
  grammar: { type: "string" },
} as const;

type ReplyValues = { readonly [Name in keyof typeof replyFlags]?: Name extends "stop" ? string[] : string };

/** @throws DaylongError `usage` */
export function replyOptions(values: ReplyValues): ReplyOptions {
  const sampling = {
    temperature: number(values.temperature, "--temperature", 0),
    topK: wholeNumber(values["top-k"], "--top-k", 0),
    topP: number(values["top-p"], "--top-p", 0, 1),
    minP: number(values["min-p"], "--min-p", 0, 1),
    repeatPenalty: number(values["repeat-penalty"], "--repeat-penalty", 0),
    seed: wholeNumber(values.seed, "--seed", 0),
    maxTokens: wholeNumber(values["max-tokens"], "--max-tokens", 1),
  };
  if (values["json-schema"] !== undefined && values.grammar !== undefined) {
    throw new DaylongError("usage", "--json-schema and --grammar cannot be given together.");
  }
  return {
    sampling: Object.fromEntries(Object.entries(sampling).filter(([, value]) => value !== undefined)),
    ...(values.stop === undefined ? {} : { stopStrings: values.stop }),
    ...(values["json-schema"] === undefined ? {} : { jsonSchema: readSchema(values["json-schema"]) }),
    ...(values.grammar === undefined ? {} : { grammar: read(values.grammar, "--grammar") }),
  };
}

function readSchema(path: string): Readonly<Record<string, unknown>> {
  const text = read(path, "--json-schema");
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // said below
  }
  throw new DaylongError("usage", `--json-schema: ${path} does not hold a JSON object.`);
}

function read(path: string, flag: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    throw new DaylongError("usage", `${flag}: ${path} cannot be read.`);
  }
}
