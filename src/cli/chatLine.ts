import { DaylongError } from "../base/errors.ts";

/** One line of input, understood. */
export type ChatLine =
  | { readonly op: "text"; readonly text: string; readonly attachments: readonly string[]; readonly stopAfter?: number }
  | { readonly op: "edit"; readonly text: string }
  | { readonly op: "detour"; readonly text: string; readonly during?: string }
  | { readonly op: "ahead"; readonly attachments: readonly string[] }
  | { readonly op: "instructions"; readonly text: string }
  | { readonly op: "pin" | "unpin" | "bringBack"; readonly turn: number }
  | { readonly op: "regenerate" | "continue" | "reset" };

/** @throws DaylongError `usage` */
export function parseChatLine(line: string, json: boolean): ChatLine {
  if (!json) return { op: "text", text: line, attachments: [] };
  const value = parseObject(line);
  const text = (name = "text"): string => {
    const given = value[name];
    if (typeof given === "string") return given;
    throw new DaylongError("usage", `This line needs a "${name}" in words: ${line}`);
  };
  const count = (name: string): number => {
    const number = value[name];
    if (typeof number === "number" && Number.isInteger(number) && number > 0) return number;
    throw new DaylongError("usage", `This line needs a positive whole number as "${name}": ${line}`);
  };
  const { op = "text" } = value;
  switch (op) {
    case "text":
      return { op, text: text(), attachments: attachmentsOf(value["attachments"]) };
    case "stopAfter":
      return { op: "text", text: text(), attachments: attachmentsOf(value["attachments"]), stopAfter: count("tokens") };
    case "edit":
    case "instructions":
      return { op, text: text() };
    case "detour":
      return { op, text: text(), ...(value["during"] === undefined ? {} : { during: text("during") }) };
    case "ahead":
      return { op, attachments: attachmentsOf(value["attachments"]) };
    case "pin":
    case "unpin":
    case "bringBack":
      return { op, turn: count("turn") };
    case "regenerate":
    case "continue":
    case "reset":
      return { op };
    default:
      throw new DaylongError("usage", `There is no "op" named ${JSON.stringify(op)}. "help" lists them.`);
  }
}

function parseObject(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // said below
  }
  throw new DaylongError("usage", `With --json each line must be a JSON object such as {"text": "…"}, not: ${line}`);
}

/** Undefined means none; anything else that is not a list of texts is a mistake, not to be passed over in silence. */
function attachmentsOf(value: unknown): string[] {
  if (value === undefined) return [];
  const wrong = new DaylongError("usage", `"attachments" must be a list such as [{"text": "…"}].`);
  if (!Array.isArray(value)) throw wrong;
  return value.map((entry: unknown) => {
    if (typeof entry === "object" && entry !== null && "text" in entry && typeof entry.text === "string") {
      return entry.text;
    }
    throw wrong;
  });
}
