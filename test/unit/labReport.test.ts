import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "mocha";
import { experiments } from "../../src/lab/labExperiments.ts";
import { pageFiles } from "../../src/lab/labPage.ts";
import { isLabResult, type LabResult, type Plot } from "../../src/lab/labResult.ts";
import { drawPlot } from "../../src/lab/plot.ts";
import { figureText } from "../../src/lab/report/figures.ts";
import { measurementsPage } from "../../src/lab/report/page.ts";
import { darkColors, lightColors } from "../../src/lab/report/plotColors.ts";
import { resultJson } from "../../src/lab/report/resultJson.ts";
import { resultText, tableText } from "../../src/lab/report/resultText.ts";
import { scaleFor, tickText } from "../../src/lab/report/ticks.ts";
import { folders } from "../rig/folders.ts";

const result: LabResult = {
  experiment: "ppl",
  title: "Perplexity of <b>, twice",
  command: "npm run -s lab -- ppl --quick",
  quick: true,
  model: { name: "a|b", file: "a.gguf", architecture: "llama", megabytes: 1.25, trainedContext: 512 },
  text: { source: "source text", tokens: 32_768 },
  settings: { window: 512, cache_type: "q8_0", exact: true },
  machine: { processor: "A processor", cores: 1, platform: "linux-x64" },
  measuredAt: "2026-01-01T00:00:00.000Z",
  seconds: 150,
  tables: [
    {
      title: "Perplexity",
      columns: [
        { name: "policy" },
        { name: "ours" },
        { name: "aim", from: "target" },
        { name: "Falcon-7B", from: "paper" },
      ],
      rows: [
        ["4 sinks", 13.16, "≤ 1.02", 12.12],
        ["0 | none", 4_213_567, null, 17.9],
      ],
    },
  ],
  plots: [
    {
      kind: "bar",
      name: "bars",
      title: "Bars & more",
      y: { label: "ms" },
      groups: ["1", "2"],
      series: [{ name: "a", values: [1, null] }],
    },
  ],
  claims: [{ claim: "streaming", target: "≤ 1.02", figure: "1.07", met: false }],
  remarks: ["It is *so* in q8_0."],
};

describe("reports of the lab", () => {
  it("writes figures with their significant digits", () => {
    const cases: [Parameters<typeof figureText>[0], string][] = [
      [13.1649, "13.16"],
      [5641.23, "5,641"],
      [32_768, "32,768"],
      [-0.00123456, "−0.001235"],
      [0.0000123456, "1.235e-5"],
      [0, "0"],
      [null, "–"],
      [Number.NaN, "–"],
      ["≤ 1.02", "≤ 1.02"],
    ];
    for (const [figure, text] of cases) assert.equal(figureText(figure), text);
    assert.equal(figureText(0.12345, { digits: 2 }), "0.12");
  });

  it("aligns tables for a terminal and says whose figures they are", () => {
    assert.equal(
      tableText(result.tables[0]!),
      [
        "Perplexity",
        "policy         ours  aim (target)  Falcon-7B (paper)",
        "────────  ─────────  ────────────  ─────────────────",
        "4 sinks       13.16        ≤ 1.02              12.12",
        "0 | none  4,213,567             –              17.90",
      ].join("\n"),
    );
    const text = resultText(result);
    assert.match(text, /✗ streaming: 1.07 \(target ≤ 1.02\)/);
    assert.match(text, /32,768 tokens of the source text · 3 min, quick/);
  });

  it("writes the page: summary, sections with pictures, what was not measured; text stays text", () => {
    const other = { name: "later", title: "Not run", what: "something", run: () => Promise.reject(new Error()) };
    const page = measurementsPage([{ name: "ppl", result }], [...experiments, other], "lab");
    assert.match(
      page,
      /\| streaming \| – +\| ≤ 1.02 \| 1.07 \| \*\*no\*\* \| \[ppl\]\(#perplexity-of-b-twice\), quick \|/,
    );
    assert.match(page, /^## Perplexity of \\<b\\>, twice$/m);
    assert.match(page, /\| 0 \\\| none \| 4,213,567 \| +– \| +17.90 \|/);
    assert.match(page, /!\[Bars & more\]\(lab\/ppl-bars\.svg\)/);
    assert.match(page, /- It is \\\*so\\\* in q8_0\./);
    assert.match(page, /## Not measured\n\n(.*\n)*- `later`, Not run: something\./);
    assert.doesNotMatch(page, /- `ppl`/);
    assert.doesNotMatch(page, /2026/, "the same figures give the same page");
  });

  it("has another model's result of the same experiment under a heading of its own", () => {
    const other: LabResult = { ...result, model: { ...result.model, name: "twin" } };
    const kept = [
      { name: "ppl-twin", result: other },
      { name: "ppl", result },
    ];
    const page = measurementsPage(kept, experiments, "lab");
    const headings = page.match(/^## Perplexity.*$/gm);
    assert.deepEqual(headings, ["## Perplexity of \\<b\\>, twice", "## Perplexity of \\<b\\>, twice, twin"]);
    assert.match(page, /\(lab\/ppl-twin-bars\.svg\)/);
    for (const { claim } of result.claims ?? []) assert.ok(page.includes(`twin: ${claim}`), claim);
  });

  it("takes only what an experiment has written", () => {
    assert.ok(isLabResult(JSON.parse(resultJson(result).json)));
    for (const other of [null, [], { loss: [1, 2] }, { experiment: "ppl", tables: {}, plots: [], remarks: [] }]) {
      assert.ok(!isLabResult(other));
    }
  });

  it("keeps results as JSON that reads back the same, many numbers to a line, and not without bounds", () => {
    const raw = { losses: Float64Array.from({ length: 100 }, (_, index) => index / 3), none: Number.NaN };
    const { json, leftOut } = resultJson({ ...result, raw });
    assert.ok(!leftOut);
    const back = JSON.parse(json) as LabResult & { raw: { losses: number[]; none: null } };
    assert.deepEqual({ ...back, raw: undefined }, { ...result, raw: undefined });
    assert.deepEqual([back.raw.losses[1], back.raw.losses.length, back.raw.none], [0.3333333, 100, null]);
    assert.ok(json.split("\n").length < 70 && json.split("\n").every((line) => line.length <= 130), json);
    const large = resultJson({ ...result, raw: Array.from({ length: 5 }, () => "1".repeat(1_000_000)) });
    assert.ok(large.leftOut && large.json.length < 10_000);
    assert.match((JSON.parse(large.json) as LabResult).remarks.at(-1) ?? "", /too many/);
  });
});

describe("pictures of the lab", () => {
  const line: Plot = {
    kind: "line",
    name: "by-length",
    title: 'Perplexity "along" the <text>',
    x: { label: "tokens" },
    y: { label: "perplexity", log: true },
    series: ["dense", "streaming"].map((name, at) => ({
      name,
      points: [
        [1, 10],
        [2, 100 * at + 1],
        [3, Number.NaN],
      ] as const,
    })),
  };

  it("need nothing from outside, carry no style attribute, and are the same each time", () => {
    const svg = drawPlot(line, "ppl");
    assert.equal(drawPlot(line, "ppl"), svg);
    assert.doesNotMatch(svg, / style="|<script|href="(?!#)|NaN|zr\d/);
    assert.match(svg, /^<svg [^>]*role="img" aria-label="Perplexity &quot;along&quot; the &lt;text>"/);
    for (const word of ["dense", "streaming", "tokens", "perplexity"]) assert.match(svg, new RegExp(`>${word}<`));
    assert.match(svg, /prefers-color-scheme: dark/);
    assert.doesNotMatch(svg, /<text>/, "what looks like markup in a title is text");
  });

  it("give each role a colour of its own that can be replaced, with 3 to 1 against both grounds", () => {
    for (const colors of [lightColors, darkColors]) {
      const series = Object.entries(colors).filter(([role]) => role.startsWith("series"));
      for (const [role, color] of series) assert.ok(contrast(color, colors.ground) >= 3, `${role} ${color}`);
      for (const role of ["ink", "muted"] as const) assert.ok(contrast(colors[role], colors.ground) >= 4.5, role);
      assert.equal(new Set(Object.values(colors)).size, Object.keys(colors).length);
    }
    const drawn = [...drawPlot(line, "ppl").matchAll(/(?:fill|stroke)="(#[0-9a-f]+)"/g)].map(([, color]) => color);
    const known = new Set(Object.values(lightColors));
    assert.deepEqual(
      drawn.filter((color) => !known.has(color ?? "")),
      [],
    );
  });

  it("draw bars without a value, heat maps with holes, and nothing at all", () => {
    assert.match(drawPlot(result.plots[0]!, "ppl"), />ms</);
    const values = [
      [1, Number.NaN],
      [0.5, 0.25],
    ];
    const heat = drawPlot(
      { kind: "heat", name: "h", title: "t", x: { label: "key" }, y: { label: "query" }, values },
      "x",
    );
    assert.equal(heat.match(/<path d="[^"]*" fill="rgb/g)?.length, 3, "three cells, one hole");
    assert.match(heat, />query</);
    assert.match(drawPlot({ ...line, series: [] }, "ppl"), />tokens</);
  });

  it("mark axes with round numbers around the values", () => {
    assert.deepEqual(scaleFor(11.02, 11.97).ticks, [11, 11.2, 11.4, 11.6, 11.8, 12]);
    assert.deepEqual(scaleFor(3, 96, { zero: true }).ticks, [0, 20, 40, 60, 80, 100]);
    assert.deepEqual(scaleFor(13, 115, { log: true }), { log: true, ticks: [10, 20, 50, 100, 200] });
    assert.deepEqual(scaleFor(9, 3_360, { log: true }).ticks, [1, 10, 100, 1_000, 10_000]);
    assert.equal(scaleFor(0, 5, { log: true }).log, false, "there is no logarithm of 0");
    assert.equal(scaleFor(5, 6, { log: true }).log, false);
    assert.deepEqual(scaleFor(5, 5).ticks.length >= 2, true);
    assert.deepEqual([4_000_000, 32_768, 1_500, 0.25, 0.00029, 0].map(tickText), [
      "4M",
      "32.768k",
      "1500",
      "0.25",
      "2.9e-4",
      "0",
    ]);
  });
});

describe("the page of measurements in the repository", () => {
  it("is what the lab writes from the results in the repository", () => {
    const docs = path.join(folders.root, "docs");
    const { page, pictures } = pageFiles(docs);
    const advice = 'not up to date: "npm run -s lab -- page"';
    assert.equal(readFileSync(path.join(docs, "measurements.md"), "utf8"), page, advice);
    for (const [name, svg] of pictures) assert.equal(readFileSync(path.join(docs, "lab", name), "utf8"), svg, advice);
    const drawn = readdirSync(path.join(docs, "lab")).filter(
      (name) => name.endsWith(".svg") && !name.startsWith("training-"),
    );
    assert.deepEqual(drawn.sort(), [...pictures.keys()].sort(), advice);
  });
});

/** WCAG 2.1: ratio of relative luminances. */
function contrast(left: string, right: string): number {
  const luminance = (color: string): number => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5]
      .map((at) => parseInt(color.slice(at, at + 2), 16) / 255)
      .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [dark = 0, light = 0] = [luminance(left), luminance(right)].sort((one, other) => one - other);
  return (light + 0.05) / (dark + 0.05);
}
