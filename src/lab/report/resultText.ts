import type { LabResult, Table } from "../labResult.ts";
import { columnName, figureText, isNumeric, secondsText } from "./figures.ts";

/** What an experiment found, for a terminal. */
export function resultText(result: LabResult): string {
  const { title, model, text, seconds, tables, remarks, claims = [] } = result;
  const about = [
    `${model.name} (${model.file}, ${figureText(model.megabytes)} MB)`,
    ...(text === undefined ? [] : [`${figureText(text.tokens)} tokens of the ${text.source}`]),
    `${secondsText(seconds)}${result.quick ? ", quick" : ""}`,
  ];
  const verdicts = claims.map(({ claim, target, figure, met }) => {
    const aim = target === undefined ? "" : ` (target ${target})`;
    return `${met === null ? "?" : met ? "✓" : "✗"} ${claim}: ${figure}${aim}`;
  });
  return `${[
    `${title}\n${about.join(" · ")}`,
    ...tables.map(tableText),
    ...(verdicts.length === 0 ? [] : [verdicts.join("\n")]),
    ...remarks.map((remark) => wrapped(`- ${remark}`)),
  ].join("\n\n")}\n`;
}

/** A table with aligned columns. */
export function tableText({ title, columns, rows }: Table): string {
  const lines = [
    columns.map(columnName),
    ...rows.map((row) => columns.map((column, at) => figureText(row[at], column))),
  ];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  const right = columns.map((_, at) => isNumeric(at, rows));
  const printed = lines.map((line) =>
    line
      .map((cell, at) => (right[at] === true ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  return [title, printed[0] ?? "", rule, ...printed.slice(1)].join("\n");
}

function wrapped(text: string, width = 100): string {
  let line = 0;
  return text
    .split(" ")
    .map((word, index) => {
      const breaks = line + word.length > width;
      line = breaks ? word.length + 3 : line + word.length + 1;
      return `${index === 0 ? "" : breaks ? "\n  " : " "}${word}`;
    })
    .join("");
}
