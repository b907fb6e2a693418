import type { LabResult } from "../labResult.ts";

/** Raw figures beyond this many letters are left out: the file is to be kept in a repository. */
const most = 4_000_000;
const width = 120;
const significant = 7;

/**
 * A result as JSON: numbers with seven digits, lists of them many to a line, and none of what JSON cannot say (NaN and the
 * infinite become null).
 *
 * @returns `leftOut`: the raw figures would have made it too large
 */
export function resultJson(result: LabResult): { readonly json: string; readonly leftOut: boolean } {
  const json = `${written(result, "")}\n`;
  if (json.length <= most) return { json, leftOut: false };
  const remarks = [...result.remarks, "The raw figures of this run are too many to be kept here."];
  return { json: `${written({ ...result, remarks, raw: undefined }, "")}\n`, leftOut: true };
}

function written(value: unknown, indent: string): string {
  if (typeof value === "number") return number(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  const inner = `${indent}  `;
  const list = listOf(value);
  if (list !== undefined) {
    const items = list.map((item) => written(item, inner));
    const line = `[${items.join(", ")}]`;
    if (items.some((item) => item.includes("\n") || item.startsWith("{"))) {
      return `[\n${inner}${items.join(`,\n${inner}`)}\n${indent}]`;
    }
    return line.length + indent.length < width - 20 ? line : `[\n${inner}${filled(items, inner)}\n${indent}]`;
  }
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  const lines = entries.map(([key, item]) => `${JSON.stringify(key)}: ${written(item, inner)}`);
  const line = `{ ${lines.join(", ")} }`;
  if (line.length + indent.length < width - 20 && !line.includes("\n")) return line;
  return `{\n${inner}${lines.join(`,\n${inner}`)}\n${indent}}`;
}

/** Typed arrays are lists too. */
function listOf(value: object): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value as readonly unknown[];
  return ArrayBuffer.isView(value) ? [...(value as unknown as Iterable<unknown>)] : undefined;
}

function number(value: number): string {
  if (!Number.isFinite(value)) return "null";
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(significant)));
}

/** As many to a line as there is room for. */
function filled(items: readonly string[], indent: string): string {
  let used = 0;
  return items
    .map((item, index) => {
      const breaks = used + item.length + 2 > width - indent.length;
      used = breaks ? item.length + 2 : used + item.length + 2;
      return `${index === 0 ? "" : breaks ? `,\n${indent}` : ", "}${item}`;
    })
    .join("");
}
