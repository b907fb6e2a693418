import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DaylongError } from "../base/errors.ts";
import { experiments } from "./labExperiments.ts";
import { pictureName } from "./labMessage.ts";
import { isLabResult } from "./labResult.ts";
import { drawPlot } from "./plot.ts";
import { measurementsPage, type KeptResult } from "./report/page.ts";

export interface PageFiles {
  /** Text of docs/measurements.md. */
  readonly page: string;
  /** Pictures by file name in docs/lab. */
  readonly pictures: ReadonlyMap<string, string>;
}

/**
 * What docs/measurements.md and its pictures should be, by the results in docs/lab.
 *
 * @throws DaylongError `usage` if a file is no JSON
 */
export function pageFiles(docs: string): PageFiles {
  const kept = keptResults(path.join(docs, "lab"));
  const pictures = kept.flatMap(({ name, result }) =>
    result.plots.map((plot) => [pictureName(name, plot.name), drawPlot(plot, result.experiment)] as const),
  );
  return { page: measurementsPage(kept, experiments, "lab"), pictures: new Map(pictures) };
}

/** Writes the page and its pictures; pictures that belong to no result any more go away. @returns their names */
export function writePage(docs: string): string[] {
  if (!existsSync(docs))
    throw new DaylongError("usage", "The page belongs to the project's source text, which is not here.");
  const folder = path.join(docs, "lab");
  mkdirSync(folder, { recursive: true });
  const { page, pictures } = pageFiles(docs);
  for (const file of readdirSync(folder)) {
    const isOurs = experiments.some(({ name }) => file.startsWith(`${name}-`) && file.endsWith(".svg"));
    if (isOurs && !pictures.has(file)) rmSync(path.join(folder, file));
  }
  for (const [name, svg] of pictures) writeFileSync(path.join(folder, name), svg);
  writeFileSync(path.join(docs, "measurements.md"), page);
  return ["measurements.md", ...[...pictures.keys()].map((name) => `lab/${name}`)];
}

function keptResults(folder: string): KeptResult[] {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
  return files.sort().flatMap((file) => {
    const result = parsed(path.join(folder, file));
    return isLabResult(result) ? [{ name: path.basename(file, ".json"), result }] : [];
  });
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new DaylongError("usage", `${path.basename(file)} is no JSON.`, String(error));
  }
}
