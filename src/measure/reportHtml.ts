import type { ErrorData } from "../base/errors.ts";
import type { Claim, LabResult, Table } from "../lab/labResult.ts";
import { columnName, figureText, isNumeric, secondsText } from "../lab/report/figures.ts";
import { machineText } from "../lab/report/markdown.ts";
import { plainTitle, type MeasureReport, type ReportPart } from "./measureReport.ts";
import { measureTexts, type MeasureTextKey } from "./measureTexts.ts";
import { reportStyle } from "./reportStyle.ts";
import type { StoredReport } from "./reportStore.ts";

export interface ReportHtmlOptions {
  readonly translate: (message: string, ...values: (string | number)[]) => string;
  /** BCP 47 tag. */
  readonly language: string;
  /** Puts what went wrong into words for the user. */
  readonly describe: (error: ErrorData) => string;
  /** Fresh for each page. */
  readonly nonce: string;
}

/**
 * The editor tab with a report: a page without scripts. Its buttons are links to commands, which the workbench follows;
 * nothing may load but its own style rules.
 */
export function reportHtml(stored: StoredReport, options: ReportHtmlOptions): string {
  const { report, found } = stored;
  const words = wordsOf(options);
  const policy = `default-src 'none'; style-src 'nonce-${options.nonce}'; base-uri 'none'; form-action 'none'`;
  const title = words("title", report.model);
  const english = options.language === "en" || options.language.startsWith("en-");
  const sections = report.parts.map((part) => {
    const one = found.get(part.name);
    return one === undefined ? "" : section(part, one.result, one.pictures, words);
  });
  return `<!doctype html>
<html lang="${escaped(options.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style nonce="${options.nonce}">${reportStyle}</style>
</head>
<body>
<main>
<header>
<h1>${escaped(title)}</h1>
<p class="muted">${escaped(words("about"))}${english ? "" : ` ${escaped(words("aboutLanguage"))}`}</p>
<p role="status"><strong>${escaped(stateText(report, words, options))}</strong></p>
<p class="actions">${actions(report, found.size > 0, words)}</p>
</header>
${overview(report, words, options)}
${sections.join("\n")}
</main>
</body>
</html>
`;
}

type Words = (key: MeasureTextKey, ...values: (string | number)[]) => string;

function wordsOf({ translate }: ReportHtmlOptions): Words {
  return (key, ...values) => translate(measureTexts[key], ...values);
}

function stateText(report: MeasureReport, words: Words, options: ReportHtmlOptions): string {
  const { parts, state, startedAt, endedAt, error } = report;
  const day = new Date(endedAt ?? startedAt).toLocaleString(options.language, {
    dateStyle: "medium",
    timeStyle: "short",
  });
  switch (state) {
    case "running": {
      const at = parts.findIndex((part) => part.state === "running");
      return at === -1 ? words("preparing") : words("running", at + 1, parts.length);
    }
    case "finished":
      if (!parts.some((part) => part.state === "found")) return words("nothing");
      return words("finished", day, secondsText(Math.round(((endedAt ?? startedAt) - startedAt) / 1000)));
    case "cancelled":
      return endedAt === undefined ? words("stoppedEarlier") : words("cancelled", day);
    case "broken":
      return error === undefined ? words("stoppedEarlier") : options.describe(error);
  }
}

function actions({ state }: MeasureReport, hasResults: boolean, words: Words): string {
  const link = (command: string, label: string, kind: string): string =>
    `<a class="button ${kind}" role="button" href="command:${command}">${escaped(label)}</a>`;
  return [
    state === "running" ? link("daylong.stopMeasuring", words("stop"), "primary") : "",
    hasResults ? link("daylong.saveMeasurements", words("save"), state === "running" ? "" : "primary") : "",
    state === "running" ? "" : link("daylong.measureAgain", words("again"), hasResults ? "" : "primary"),
  ].join("");
}

function overview({ parts, state }: MeasureReport, words: Words, { describe }: ReportHtmlOptions): string {
  if (parts.length === 0) return "";
  const marks = { waiting: "○", running: "◐", found: "✓", failed: "✗" };
  const text = (part: ReportPart): string => {
    if (part.error !== undefined) return words("partFailed", describe(part.error));
    if (part.state === "waiting") return words(state === "running" ? "partWaiting" : "partNotMeasured");
    return words(part.state === "running" ? "partRunning" : part.state === "found" ? "partFound" : "nothing");
  };
  const items = parts.map((part) => {
    const title = `<span lang="en">${escaped(plainTitle(part.title))}</span>`;
    const name = part.state === "found" ? `<a href="#${anchor(part.name)}">${title}</a>` : title;
    return `<li class="${part.state}"><span class="mark" aria-hidden="true">${marks[part.state]}</span><span>${name}<br><span class="muted">${escaped(text(part))}</span></span></li>`;
  });
  return `<nav aria-label="${escaped(words("experiments"))}"><ul class="parts">${items.join("")}</ul></nav>`;
}

function section({ name }: ReportPart, result: LabResult, pictures: ReadonlyMap<string, string>, words: Words): string {
  const figures = result.plots.flatMap((plot) => {
    const svg = inlineSvg(pictures.get(plot.name) ?? "");
    return svg === undefined
      ? []
      : [`<figure class="plot" tabindex="0" aria-label="${escaped(plot.title)}">${svg}</figure>`];
  });
  const remarks = result.remarks.map((remark) => `<li>${escaped(remark)}</li>`).join("");
  return `<section id="${anchor(name)}" lang="en">
<h2>${escaped(plainTitle(result.title))}</h2>
${remarks === "" ? "" : `<ul>${remarks}</ul>`}
${claimsTable(result.claims ?? [], words)}
${figures.join("\n")}
${result.tables.map(table).join("\n")}
${details(result, words)}
</section>`;
}

function claimsTable(claims: readonly Claim[], words: Words): string {
  if (claims.length === 0) return "";
  const head = (["claim", "paper", "target", "here", "met"] as const).map(
    (key) => `<th scope="col">${escaped(words(key))}</th>`,
  );
  const rows = claims.map(({ claim, paper, target, figure, met }) => {
    const verdict = met === null ? `? ${words("cannotTell")}` : met ? `✓ ${words("yes")}` : `✗ ${words("no")}`;
    const cells = [paper ?? "–", target ?? "–", figure, verdict].map((cell) => `<td>${escaped(cell)}</td>`);
    return `<tr><th scope="row">${escaped(claim)}</th>${cells.join("")}</tr>`;
  });
  return scrolling(
    words("claim"),
    `<table class="claims"><thead><tr>${head.join("")}</tr></thead><tbody>${rows.join("")}</tbody></table>`,
  );
}

function table({ title, columns, rows }: Table): string {
  const kind = (at: number): string => (isNumeric(at, rows) ? ' class="number"' : "");
  const head = columns.map((column, at) => `<th scope="col"${kind(at)}>${escaped(columnName(column))}</th>`).join("");
  const body = rows.map((row) => {
    const cells = columns.map((column, at) => {
      const text = escaped(figureText(row[at], column));
      return at === 0 ? `<th scope="row"${kind(at)}>${text}</th>` : `<td${kind(at)}>${text}</td>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  return scrolling(
    title,
    `<table><caption>${escaped(title)}</caption><thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table>`,
  );
}

/** Wide tables scroll by themselves, with the keyboard too. */
function scrolling(label: string, content: string): string {
  return `<div class="scroll" role="region" tabindex="0" aria-label="${escaped(label)}">${content}</div>`;
}

function details({ command, text, settings, machine, seconds, model }: LabResult, words: Words): string {
  const entries: [string, string][] = [
    [words("command"), command],
    ["GGUF", `${model.file} (${model.architecture}, ${figureText(model.megabytes)} MB)`],
    ...(text === undefined
      ? []
      : [[words("text"), words("textTokens", figureText(text.tokens), text.source)] satisfies [string, string]]),
    [
      words("settings"),
      Object.entries(settings)
        .map(([name, value]) => `${name} ${String(value)}`)
        .join(", "),
    ],
    [words("machine"), machineText(machine)],
    [words("duration"), secondsText(seconds)],
  ];
  const items = entries
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`);
  return `<details><summary>${escaped(words("details"))}</summary><dl>${items.join("")}</dl></details>`;
}

/** The elements that the lab draws with. */
const drawn = /^\/?(svg|g|path|text|rect|polygon|polyline|line|circle|ellipse|defs|clipPath|linearGradient|stop)$/;

/**
 * A picture as part of the page, without the style rules that make it stand alone. Undefined: there is something in it
 * that the lab does not draw.
 */
function inlineSvg(svg: string): string | undefined {
  const bare = svg.replace(/<style>[^<]*<\/style>/, "").trim();
  const tags = [...bare.matchAll(/<\s*(\/?[A-Za-z]*)/g)].map(([, tag = ""]) => tag);
  return bare.startsWith("<svg ") && tags.every((tag) => drawn.test(tag)) ? bare : undefined;
}

function anchor(name: string): string {
  return `part-${name.replace(/[^A-Za-z0-9-]/g, "-")}`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
