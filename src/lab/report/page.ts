import type { Experiment } from "../experiment.ts";
import { pictureName } from "../labMessage.ts";
import type { LabResult } from "../labResult.ts";
import { alignedTable, cellText, escaped, resultMarkdown } from "./markdown.ts";

/** A result that is kept in the repository. */
export interface KeptResult {
  /** Its file name without extension; its pictures are named after it. */
  readonly name: string;
  readonly result: LabResult;
}

/**
 * The page of measurements, in Markdown, from the results that are kept.
 *
 * @param folder where their pictures lie, from the page
 */
export function measurementsPage(
  kept: readonly KeptResult[],
  experiments: readonly Experiment[],
  folder: string,
): string {
  const order = experiments.map(({ name }) => name);
  const place = ({ result }: KeptResult): number =>
    order.includes(result.experiment) ? order.indexOf(result.experiment) : order.length;
  const sorted = kept
    .map(ofItsModel)
    .sort((left, right) => place(left) - place(right) || (left.name < right.name ? -1 : 1));
  const sections = sorted.map(({ name, result }) =>
    resultMarkdown(result, { level: 2, picture: (plot) => `${folder}/${pictureName(name, plot)}` }),
  );
  return `${[intro, ...summary(sorted), ...sections, ...notMeasured(sorted, experiments)].join("\n\n")}\n`;
}

/** A file that is not named after its experiment holds that of another model: the page has it under a heading of its own. */
function ofItsModel({ name, result }: KeptResult): KeptResult {
  if (name === result.experiment) return { name, result };
  const model = result.model.name;
  const claims = (result.claims ?? []).map((claim) => ({ ...claim, claim: `${model}: ${claim.claim}` }));
  return { name, result: { ...result, title: `${result.title}, ${model}`, claims } };
}

const intro = `# Measurements

What the paper (Xiao et al., _Efficient Streaming Language Models with Attention Sinks_, arXiv 2309.17453) claims of attention
sinks, measured on Daylong's own engine. All figures come from the files in [lab](lab), which hold what was measured one by
one; \`npm run -s lab -- page\` writes this page from them. Columns marked "paper" are the paper's figures, on its own models;
columns marked "target" are what this project aims at. All policies read the same text, and no model was trained on it.

Other pages: what [repeated shifts](shifts.md) do to a cache, how the small models were [trained](training.md);
[speed, threads and size](measurements-speed.md), the [panel](measurements-panel.md), [explanations](measurements-explain.md),
faults of the engine library in [upstream](upstream/README.md).`;

function summary(kept: readonly KeptResult[]): string[] {
  const rows = kept.flatMap(({ result }) =>
    (result.claims ?? []).map(({ claim, paper = "–", target = "–", figure, met }) => [
      ...[claim, paper, target, figure].map(cellText),
      met === null ? "cannot tell" : met ? "yes" : "**no**",
      `[${escaped(result.experiment)}](#${anchor(result.title)})${result.quick ? ", quick" : ""}`,
    ]),
  );
  if (rows.length === 0) return [];
  return ["## Summary", alignedTable([["what", "paper", "target", "here", "met", "measured by"], ...rows])];
}

function notMeasured(kept: readonly KeptResult[], experiments: readonly Experiment[]): string[] {
  const measured = new Set(kept.map(({ result }) => result.experiment));
  const missing = experiments.filter(({ name }) => !measured.has(name));
  const models = [...new Set(kept.map(({ result }) => result.model.name))];
  const lines = [
    ...missing.map(({ name, title, what }) => `- \`${name}\`, ${escaped(title)}: ${escaped(what)}.`),
    ...(models.length === 0
      ? []
      : [`- Other models than ${models.map(escaped).join(", ")}; those of the paper are among the others.`]),
  ];
  return lines.length === 0 ? [] : ["## Not measured", lines.join("\n")];
}

/** Anchor of a heading, as GitHub and VS Code make it. */
function anchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}
