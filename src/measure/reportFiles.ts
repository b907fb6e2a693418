import { resultJson } from "../lab/report/resultJson.ts";
import { escaped, resultMarkdown } from "../lab/report/markdown.ts";
import { pictureName } from "../lab/labMessage.ts";
import type { StoredReport } from "./reportStore.ts";

/** A report for others: the document, and the pictures that it shows, by path from it. */
export interface ReportFiles {
  readonly text: string;
  readonly pictures: ReadonlyMap<string, string>;
}

/** @param folder where the pictures are to lie, beside the document */
export function reportMarkdown({ report, found }: StoredReport, folder: string): ReportFiles {
  const pictures = new Map<string, string>();
  const sections = report.parts.flatMap(({ name }) => {
    const one = found.get(name);
    if (one === undefined) return [];
    for (const [plot, svg] of one.pictures) pictures.set(`${folder}/${pictureName(name, plot)}`, svg);
    const picture = (plot: string): string => `${encodeURI(folder)}/${pictureName(name, plot)}`;
    return [resultMarkdown(one.result, { level: 2, picture })];
  });
  return { text: `${[`# Measurements of ${escaped(report.model)}`, ...sections].join("\n\n")}\n`, pictures };
}

/** Everything that was measured, as the lab writes it. */
export function reportJson({ report, found }: StoredReport): string {
  const results = report.parts.flatMap(({ name }) => {
    const one = found.get(name);
    return one === undefined ? [] : [resultJson(one.result).json.trimEnd()];
  });
  return `[\n${results.join(",\n")}\n]\n`;
}
