import { codeBlock } from "../base/codeFence.ts";
import type { FolderEntry, Problem } from "./attachment.ts";

/** Lines counted from 1, both included; 0 and 0: all of it. */
interface LineRange {
  readonly firstLine: number;
  readonly lastLine: number;
}

/** `table.ts`, or `table.ts:18–44`. */
export function labelOf(path: string, { firstLine, lastLine }: LineRange): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (firstLine === 0) return name;
  return firstLine === lastLine ? `${name}:${firstLine}` : `${name}:${firstLine}–${lastLine}`;
}

export function linesOf(text: string, { firstLine, lastLine }: LineRange): string {
  if (firstLine === 0) return text;
  return text
    .split(/\r?\n/)
    .slice(firstLine - 1, lastLine)
    .join("\n");
}

/** A file, or lines of it, as the model reads it. */
export function fileText(path: string, range: LineRange, code: string, languageId: string, name = ""): string {
  const { firstLine, lastLine } = range;
  const lines =
    firstLine === 0 ? "" : firstLine === lastLine ? `, line ${firstLine}` : `, lines ${firstLine}-${lastLine}`;
  const symbol = name === "" ? "" : ` (${name})`;
  return `${path}${lines}${symbol}:\n${codeBlock(code.replaceAll("\r\n", "\n"), languageId)}\n`;
}

export function pastedText(name: string, text: string): string {
  return `${name === "" ? "Pasted text" : name}:\n${codeBlock(text.replaceAll("\r\n", "\n"), "plaintext")}\n`;
}

export function outlineText(path: string, entries: readonly FolderEntry[], cut: boolean): string {
  const lines = entries.map(({ depth, name, isFolder }) => `${"  ".repeat(depth)}${name}${isFolder ? "/" : ""}`);
  if (cut) lines.push("…");
  return `Files in ${path}/:\n${codeBlock(lines.join("\n"), "plaintext")}\n`;
}

export function problemsText(problems: readonly Problem[]): string {
  const lines = problems.map(({ path, line, severity, message, code }) => {
    const about = code.trim() === "" ? "" : `\n    ${code.trim()}`;
    return `${path}:${line}: ${severity}: ${message.replaceAll(/\s*\n\s*/g, " ")}${about}`;
  });
  return `Problems reported by the editor:\n${codeBlock(lines.join("\n"), "plaintext")}\n`;
}
