import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { LabResult } from "../../src/lab/labResult.ts";
import type { MeasureProgress } from "../../src/measure/measureReport.ts";
import { MeasureRun } from "../../src/measure/measureRun.ts";
import { reportJson, reportMarkdown } from "../../src/measure/reportFiles.ts";
import { ReportStore, type StoredReport } from "../../src/measure/reportStore.ts";

/** What a stand-in for the lab finds. */
function result(experiment: string): LabResult {
  return {
    experiment,
    title: `About ${experiment}`,
    command: `npm run -s lab -- ${experiment}`,
    quick: true,
    model: { name: "m", file: "m.gguf", architecture: "llama", megabytes: 1, trainedContext: 512 },
    settings: {},
    machine: { processor: "p", cores: 1, platform: "linux-x64" },
    measuredAt: "2026-01-01T00:00:00.000Z",
    seconds: 1,
    tables: [{ title: "t", columns: [{ name: "c" }], rows: [[1]] }],
    plots: [{ kind: "bar", name: "bars", title: "b", y: { label: "y" }, groups: [], series: [] }],
    remarks: [`seen in ${experiment}`],
  };
}

/** The lab's side of the channel: a small program that says these things, and then does this. */
const standIn = (body: string): string => `
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
const folder = process.argv[process.argv.indexOf("--out") + 1];
const say = (message) => new Promise((resolve) => process.send(message, resolve));
const plan = (...names) => say({ type: "plan", experiments: names.map((name) => ({ name, title: "About " + name })) });
const progress = (experiment, fraction) => say({ type: "progress", experiment, fraction, what: "half" });
const find = async (name) => {
  const file = path.join(folder, name + ".json");
  writeFileSync(file, JSON.stringify({ ...${JSON.stringify(result("NAME"))}, experiment: name }));
  writeFileSync(path.join(folder, name + "-bars.svg"), "<svg ><text>" + process.argv.slice(2, 4).join(" ") + "</text></svg>");
  await say({ type: "result", experiment: name, file });
};
${body}
process.disconnect();
`;

describe("measuring a model in a process of its own", () => {
  let folder = "";

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "daylong-measure-"));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  interface Run {
    readonly stored: StoredReport;
    readonly states: string[];
    readonly progress: MeasureProgress[];
    readonly log: string[];
  }

  async function run(
    body: string | undefined,
    onChange: (run: MeasureRun, stored: StoredReport) => void = () => undefined,
    now: () => number = () => 1_000,
  ): Promise<Run> {
    const labPath = path.join(folder, "lab.mjs");
    if (body !== undefined) writeFileSync(labPath, standIn(body));
    const states: string[] = [];
    const progress: MeasureProgress[] = [];
    const log: string[] = [];
    const measureRun: MeasureRun = new MeasureRun({
      labPath,
      modelPath: path.join(folder, "m.gguf"),
      modelName: "m",
      args: ["any", "--quick"],
      store: new ReportStore(path.join(folder, "reports")),
      onDidChange: (stored) => {
        states.push([stored.report.state, ...stored.report.parts.map(({ state }) => state)].join(" "));
        onChange(measureRun, stored);
      },
      onDidProgress: (one) => progress.push(one),
      log: (line) => log.push(line),
      now,
    });
    return { stored: await measureRun.run(), states, progress, log };
  }

  it("follows it from the plan to the last result, and keeps the report", async () => {
    const { stored, states, progress } = await run(`
      await plan("ppl", "sinks");
      await progress("ppl", 0); await progress("ppl", 0.5); await find("ppl");
      await progress("sinks", 0.5); await find("sinks");`);
    assert.deepEqual(states, [
      "running",
      "running waiting waiting",
      "running running waiting",
      "running found waiting",
      "running found running",
      "running found found",
      "finished found found",
    ]);
    assert.deepEqual(
      progress.map(({ fraction }) => fraction),
      [0, 0.25, 0.75],
    );
    assert.deepEqual(progress[1], { fraction: 0.25, title: "About ppl", what: "half" });
    assert.equal(stored.found.get("sinks")?.result.remarks[0], "seen in NAME");
    assert.match(
      stored.found.get("ppl")?.pictures.get("bars") ?? "",
      /any --quick/,
      "it is called with what was asked for",
    );
    const last = await new ReportStore(path.join(folder, "reports")).last(path.join(folder, "m.gguf"));
    assert.deepEqual(last, stored);
  });

  it("goes on after what could not be measured", async () => {
    const { stored } = await run(`
      await plan("ppl", "sinks");
      await say({ type: "failed", experiment: "ppl", error: { code: "model-unsupported", message: "Not this one." } });
      await find("sinks");
      process.exitCode = 2;`);
    assert.equal(stored.report.state, "finished");
    assert.deepEqual(
      stored.report.parts.map(({ state, error }) => [state, error?.code]),
      [
        ["failed", "model-unsupported"],
        ["found", undefined],
      ],
    );
  });

  it("tells a crash in words, keeps what was found, and logs the last output", async () => {
    const { stored, log } = await run(`
      await plan("ppl", "sinks", "chunk");
      await find("ppl"); await progress("sinks", 0.5);
      process.stderr.write("GGML_ASSERT failed\\n");
      setTimeout(() => process.abort(), 50);
      await new Promise(() => setInterval(() => undefined, 1000));`);
    const { report, found } = stored;
    assert.deepEqual([report.state, report.error?.code], ["broken", "measure-crashed"]);
    assert.deepEqual(
      report.parts.map(({ state }) => state),
      ["found", "failed", "waiting"],
    );
    assert.deepEqual([...found.keys()], ["ppl"]);
    assert.ok(
      log.some((line) => /SIGABRT|exit code/.test(line)) && log.some((line) => line.includes("GGML_ASSERT")),
      log.join("\n"),
    );
  });

  it("is cancelled: the process ends, and what was found stays", async () => {
    const { stored } = await run(
      `process.on("disconnect", () => process.exit(130));
      await plan("ppl", "sinks"); await find("ppl"); await progress("sinks", 0.1);
      await new Promise(() => setInterval(() => undefined, 1000));`,
      (measureRun, { report }) => {
        if (report.parts[1]?.state === "running") measureRun.cancel();
      },
    );
    assert.equal(stored.report.state, "cancelled");
    assert.deepEqual(
      stored.report.parts.map(({ state }) => state),
      ["found", "waiting"],
    );
    assert.deepEqual([...stored.found.keys()], ["ppl"]);
  });

  it("says that a part of the installation is missing", async () => {
    const absent = await run(undefined);
    assert.deepEqual([absent.stored.report.state, absent.stored.report.error?.code], ["broken", "engine-missing"]);
    const without = await run(`await import("a-package-that-is-not-there");`);
    assert.equal(without.stored.report.error?.code, "engine-missing");
  });

  it("passes over what is no message of the lab, and over a result that cannot be read", async () => {
    const { stored, states } = await run(`
      await say("hello"); await say({ type: "quit" }); await say(null);
      await plan("ppl");
      await say({ type: "result", experiment: "ppl", file: "/nowhere.json" });`);
    assert.equal(states.at(-1), "finished found");
    assert.equal(stored.found.size, 0);
  });

  it("keeps the newest report of a model that found something, and deletes the older ones", async () => {
    const body = `await plan("ppl"); await find("ppl");`;
    const reports = path.join(folder, "reports");
    const store = new ReportStore(reports);
    await run(body, undefined, () => 1_000);
    await run(body, undefined, () => 2_000);
    await run(`await plan("ppl"); process.exitCode = 2;`, undefined, () => 3_000);
    assert.equal((await readdir(reports)).length, 3);
    assert.equal((await store.last(path.join(folder, "m.gguf")))?.report.startedAt, 2_000);
    await store.tidy(4_000);
    assert.deepEqual(
      (await readdir(reports)).map((name) => name.split("-")[1]),
      ["2000"],
    );
    assert.equal(await store.last(path.join(folder, "other.gguf")), undefined);
  });

  it("leaves a report alone that grows in another window", async () => {
    const store = new ReportStore(path.join(folder, "reports"));
    const growing = await store.create("/models/a.gguf", 1_000);
    await store.write(growing, { model: "a", startedAt: 1_000, state: "running", parts: [] });
    await store.tidy(2_000);
    assert.equal((await readdir(path.join(folder, "reports"))).length, 1);
    await store.tidy(48 * 3_600_000);
    assert.equal((await readdir(path.join(folder, "reports"))).length, 0);
  });

  it("is saved as Markdown with pictures, and as JSON", async () => {
    const { stored } = await run(`await plan("ppl", "gone"); await find("ppl");`);
    const { text, pictures } = reportMarkdown(stored, "my report-pictures");
    assert.match(text, /^# Measurements of m\n\n## About NAME\n/);
    assert.match(text, /!\[b\]\(my%20report-pictures\/ppl-bars\.svg\)/);
    assert.deepEqual([...pictures.keys()], ["my report-pictures/ppl-bars.svg"]);
    assert.deepEqual(
      (JSON.parse(reportJson(stored)) as LabResult[]).map(({ experiment }) => experiment),
      ["ppl"],
    );
  });
});
