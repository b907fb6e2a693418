import type { LabResult, Machine, Table } from "../labResult.ts";
import { columnName, figureText, isNumeric, secondsText } from "./figures.ts";

export interface MarkdownOptions {
  /** Where a picture lies, from the document. */
  readonly picture: (plot: string) => string;
  /** Level of the heading: 2 is `##`. */
  readonly level: number;
}

/** What an experiment found, as a section of a Markdown document. */
export function resultMarkdown(result: LabResult, { picture, level }: MarkdownOptions): string {
  const { title, tables, plots, remarks } = result;
  return [
    `${"#".repeat(level)} ${escaped(title)}`,
    aboutMarkdown(result),
    ...tables.flatMap((table) => [`**${escaped(table.title)}**`, tableMarkdown(table)]),
    ...plots.map((plot) => `![${escaped(plot.title)}](${picture(plot.name)})`),
    ...(remarks.length === 0 ? [] : [remarks.map((remark) => `- ${escaped(remark)}`).join("\n")]),
  ].join("\n\n");
}

/** Command, model, text, settings and machine; no date, so that the same figures give the same page. */
function aboutMarkdown(result: LabResult): string {
  const { command, model, text, settings, machine, seconds, quick } = result;
  const trained = model.trainedContext > 0 ? `, trained at ${figureText(model.trainedContext)} tokens` : "";
  const lines = [
    `\`${command}\``,
    `${quick ? "**Quick run.** " : ""}Model: ${escaped(model.name)} (${escaped(model.architecture)}, ` +
      `${figureText(model.megabytes)} MB${trained}).`,
    ...(text === undefined ? [] : [`Text: ${figureText(text.tokens)} tokens of the ${escaped(text.source)}.`]),
    ...(Object.keys(settings).length === 0 ? [] : [`Settings: ${settingsText(settings)}.`]),
    `Machine: ${escaped(machineText(machine))}, ${secondsText(seconds)}.`,
  ];
  return `${lines[0] ?? ""}\n\n${lines.slice(1).join("\n")}`;
}

export function machineText({ processor, cores, platform }: Machine): string {
  return `${processor}, ${cores} ${cores === 1 ? "core" : "cores"}, ${platform}`;
}

function settingsText(settings: LabResult["settings"]): string {
  return Object.entries(settings)
    .map(
      ([name, value]) => `${escaped(name)} ${escaped(figureText(typeof value === "boolean" ? String(value) : value))}`,
    )
    .join(", ");
}

function tableMarkdown({ columns, rows }: Table): string {
  const header = columns.map((column) => cellText(columnName(column)));
  const cells = rows.map((row) => columns.map((column, at) => cellText(figureText(row[at], column))));
  return alignedTable([header, ...cells], (column) => isNumeric(column, rows));
}

/** A table of cells that are Markdown already; the first line is its head. */
export function alignedTable(
  lines: readonly (readonly string[])[],
  isRight: (column: number) => boolean = () => false,
): string {
  const [head = [], ...rest] = lines;
  const widths = head.map((_, at) => Math.max(3, ...lines.map((line) => line[at]?.length ?? 0)));
  const printed = (line: readonly string[]): string => {
    const cells = widths.map((width, at) =>
      isRight(at) ? (line[at] ?? "").padStart(width) : (line[at] ?? "").padEnd(width),
    );
    return `| ${cells.join(" | ")} |`;
  };
  const rule = widths.map((width, at) => (isRight(at) ? `${"-".repeat(width - 1)}:` : "-".repeat(width)));
  return [printed(head), printed(rule), ...rest.map(printed)].join("\n");
}

export function cellText(text: string): string {
  return escaped(text)
    .replaceAll("|", "\\|")
    .replace(/\s*\n\s*/g, " ");
}

/** Text in Markdown as it stands: what would be markup is not. */
export function escaped(text: string): string {
  return text.replace(/[\\`*<>[\]]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, "\\$&");
}
