import assert from "node:assert/strict";
import type { LabResult } from "../../src/lab/labResult.ts";
import { drawPlot } from "../../src/lab/plot.ts";
import type { MeasureReport } from "../../src/measure/measureReport.ts";
import { reportHtml } from "../../src/measure/reportHtml.ts";
import type { StoredReport } from "../../src/measure/reportStore.ts";

const evil = `<img src=x onerror=alert(1)>"'&`;

const result: LabResult = {
  experiment: "ppl",
  title: evil,
  command: evil,
  quick: true,
  model: { name: evil, file: evil, architecture: evil, megabytes: 1, trainedContext: 512 },
  text: { source: evil, tokens: 3_072 },
  settings: { [evil]: evil },
  machine: { processor: evil, cores: 1, platform: evil },
  measuredAt: "2026-01-01T00:00:00.000Z",
  seconds: 27,
  tables: [{ title: evil, columns: [{ name: evil }, { name: "figure" }], rows: [[evil, 12_345]] }],
  plots: [
    {
      kind: "bar",
      name: "bars",
      title: evil,
      y: { label: evil },
      groups: [evil],
      series: [{ name: evil, values: [1] }],
    },
    { kind: "bar", name: "foreign", title: "foreign", y: { label: "y" }, groups: [], series: [] },
  ],
  claims: [
    { claim: evil, target: evil, paper: evil, figure: evil, met: true },
    { claim: "b", figure: "1", met: false },
    { claim: "c", figure: "1", met: null },
  ],
  remarks: [evil],
};

function page(report: Partial<MeasureReport>, found: StoredReport["found"] = new Map()): string {
  const whole: MeasureReport = { model: evil, startedAt: 0, state: "running", parts: [], ...report };
  return reportHtml(
    { report: whole, found },
    {
      translate: (message, ...values) =>
        message.replace(/\{(\d)\}/g, (_all, index: string) => String(values[Number(index)])),
      language: "en",
      describe: ({ message }) => message,
      nonce: "abc",
    },
  );
}

const found: StoredReport["found"] = new Map([
  [
    "ppl",
    {
      result,
      pictures: new Map([
        ["bars", drawPlot(result.plots[0]!, "ppl")],
        ["foreign", `<svg ><foreignObject><b>x</b></foreignObject></svg>`],
      ]),
    },
  ],
]);

describe("the page of measurements in the editor", () => {
  it("may run no script and load nothing, and shows as text what looks like markup", () => {
    const parts = [
      { name: "ppl", title: evil, state: "found" as const },
      { name: "sinks", title: evil, state: "failed" as const, error: { code: "internal" as const, message: evil } },
    ];
    const html = page({ state: "finished", endedAt: 30_000, parts }, found);
    assert.match(html, /content="default-src 'none'; style-src 'nonce-abc'; base-uri 'none'; form-action 'none'"/);
    assert.doesNotMatch(
      html,
      /<img|<script|<foreignObject| style="|javascript:|https?:(?!\/\/www\.w3\.org\/2000\/svg)/,
    );
    assert.equal(html.match(/<style/g)?.length, 1, "pictures bring no rules of their own");
    assert.equal(html.match(/<svg/g)?.length, 1, "what the lab does not draw is not shown");
    assert.ok(html.split("&lt;img src=x onerror=alert(1)&gt;").length > 15);
    assert.match(html, /<td class="number">12,345<\/td>/);
    for (const verdict of ["✓ Yes", "✗ No", "? Cannot tell"]) assert.ok(html.includes(verdict), verdict);
  });

  it("says what it is doing, and offers what can be done", () => {
    const parts = ["ppl", "sinks"].map((name, at) => ({
      name,
      title: name,
      state: at === 0 ? ("found" as const) : ("running" as const),
    }));
    const commands = (html: string): string[] =>
      [...html.matchAll(/href="command:daylong\.(\w+)"/g)].map(([, id = ""]) => id);
    const status = (html: string): string => /role="status"><strong>([^<]*)</.exec(html)?.[1] ?? "";

    assert.deepEqual([status(page({})), commands(page({}))], ["Starting…", ["stopMeasuring"]]);
    const growing = page({ parts }, found);
    assert.deepEqual(
      [status(growing), commands(growing)],
      ["Measuring 2 of 2…", ["stopMeasuring", "saveMeasurements"]],
    );
    const cancelled = page({ parts, state: "cancelled", endedAt: 1 }, found);
    assert.match(status(cancelled), /^Stopped on .*1970/);
    assert.deepEqual(commands(cancelled), ["saveMeasurements", "measureAgain"]);
    const broken = page({
      parts: [],
      state: "broken",
      endedAt: 1,
      error: { code: "measure-crashed", message: "It ended." },
    });
    assert.deepEqual([status(broken), commands(broken)], ["It ended.", ["measureAgain"]]);
    assert.match(status(page({ parts, state: "finished", endedAt: 120_000 }, found)), /^Measured on .*, in 2 min\.$/);
    assert.equal(status(page({ parts: [], state: "finished", endedAt: 1 })), "Nothing was found.");
  });
});
