import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Experiment, Findings, LabContext } from "../../src/lab/experiment.ts";
import { boundary } from "../../src/lab/experiments/boundary.ts";
import { chunk } from "../../src/lab/experiments/chunk.ts";
import { twins } from "../../src/lab/experiments/twins.ts";
import { yarn } from "../../src/lab/experiments/yarn.ts";
import type { Table } from "../../src/lab/labResult.ts";
import { twinPath } from "../../src/lab/twins.ts";

type Flags = Readonly<Record<string, readonly number[]>>;

/** As little as can be measured: what is asserted holds at any size. */
describe("experiments of the lab, end to end", function () {
  this.timeout(60_000);

  it("chunk: shifted keys of 16 and of 8 bits predict what a fresh evaluation predicts", async () => {
    const flags = { window: [64], tokens: [192], every: [16], chunks: [1, 16], shifts: [17] };
    const { tables, settings } = await run(chunk, flags, twinPath("learnable-sink"));
    assert.equal(settings["sinks"], 4);
    const [byChunk, descent, drift] = tables;
    assert.deepEqual(columns(byChunk, "keys", "forgotten at a time", "shifts of a key at most"), [
      ["f16", 1, 59],
      ["f16", 16, 3],
      ["q8_0", 1, 59],
      ["q8_0", 16, 3],
    ]);
    for (const [ratio] of columns(byChunk, "over a fresh evaluation of the same tokens")) within(ratio, 0.9, 1.1);
    assert.deepEqual(columns(descent, "keys", "forgotten at a time", "shifts"), [
      ["f16", 16, 5],
      ["q8_0", 16, 5],
    ]);
    for (const [all, worst, best] of columns(
      descent,
      "relative error of the keys",
      "of the worst element of a head",
      "of the best",
    )) {
      within(all, Number(best), Number(worst));
    }
    assert.deepEqual(columns(drift, "keys", "shifts"), [
      ["f16", 1],
      ["f16", 4],
      ["f16", 17],
      ["q8_0", 1],
      ["q8_0", 4],
      ["q8_0", 17],
    ]);
    const errors = columns(drift, "relative error of the keys").flat();
    assert.deepEqual(
      errors.map((error) => error === null),
      [true, true, false, true, true, false],
      "keys can be compared only where they stood before",
    );
    within(errors[2], 1e-5, 0.005);
    within(errors[5], 5 * Number(errors[2]), 0.1);
    for (const [nats] of columns(drift, "divergence from before, nats")) within(nats, 1e-9, 0.01);
  });

  it("yarn: a shift of plain positions costs nothing, one of YaRN's scales the keys", async () => {
    const { tables } = await run(yarn, { window: [128], shifts: [4], excerpts: [4] });
    const [plain, scaled, plainLength, length] = tables[0]!.columns
      .filter(({ name }) => /^twin .*plain$|^twin YaRN|^length/.test(name))
      .map(({ name }) => columns(tables[0], name).flat());
    for (const ratio of plain!) within(ratio, 0.95, 1.05);
    const away = (ratios: Table["rows"][number]): number => Math.abs(Math.log(Number(ratios.at(-1))));
    assert.ok(away(scaled!) > 2 * away(plain!), `${String(scaled)} beside ${String(plain)}`);
    for (const factor of plainLength!) assert.equal(factor, 1, "the first keys stay as they are");
    length!.forEach((factor, shift) => within(factor, 1.138 ** (shift + 1), 1.139 ** (shift + 1)));
  });

  it("twins: each twin with each number of first tokens, over that with four", async () => {
    const { tables, plots } = await run(twins, { window: [64], tokens: [256], every: [16], rounds: [2] });
    const names = ["vanilla", "zero sink", "learnable sink"];
    assert.deepEqual(
      columns(tables[0], "model", "first tokens kept"),
      names.flatMap((name) => [0, 1, 2, 4].map((kept) => [name, kept])),
    );
    for (const [kept, perplexity, ratio] of columns(tables[0], "first tokens kept", "perplexity", "over 4 kept")) {
      within(perplexity, 1, 1024); // a guess among all tokens has the perplexity 1,024
      if (kept === 4) assert.equal(ratio, 1);
    }
    for (const [questions] of columns(tables[1], "questions")) within(questions, 1, 8);
    for (const shares of columns(tables[2], ...names)) shares.forEach((share) => within(share, 1e-4, 1));
    assert.deepEqual(
      plots.map(({ name }) => name),
      ["by-kept", "training", "training-share"],
    );
  });

  it("boundary: evictions that end anywhere, at messages and at turns, on the same positions", async () => {
    const { tables, settings } = await run(boundary, { window: [160], tokens: [640], every: [32], seeds: [2] });
    assert.equal(settings["conversations"], 2);
    assert.deepEqual(columns(tables[0], "evictions end").flat(), [
      "(re-computation)",
      "anywhere",
      "at message boundaries",
      "at whole turns",
    ]);
    const median = "all over re-computation, median";
    for (const [ratio, least, most] of columns(tables[0], median, "least of all", "most of all")) {
      within(ratio, 0.9, 1.1);
      assert.ok(Number(least) <= Number(ratio) && Number(ratio) <= Number(most));
    }
  });
});

function run(experiment: Experiment, own: Flags, modelPath?: string): Promise<Findings> {
  const context: LabContext = {
    quick: true,
    modelPath,
    textPath: undefined,
    folder: path.join(tmpdir(), "daylong-no-notes"),
    threads: 1,
    seed: 1,
    number: (name, otherwise) => own[name]?.[0] ?? otherwise,
    numbers: (name, otherwise) => own[name] ?? otherwise,
    progress: (fraction) => {
      within(fraction, 0, 1);
      return Promise.resolve();
    },
  };
  for (const name of Object.keys(own)) assert.ok(experiment.flags?.[name], `${experiment.name} has no --${name}`);
  return experiment.run(context);
}

/** The columns of these names, row by row. */
function columns(table: Table | undefined, ...names: string[]): (string | number | null)[][] {
  assert.ok(table);
  const places = names.map((name) => table.columns.findIndex((column) => column.name === name));
  assert.ok(!places.includes(-1), `${names.join(", ")} of ${table.columns.map(({ name }) => name).join(", ")}`);
  return table.rows.map((row) => places.map((place) => row[place] ?? null));
}

function within(value: unknown, least: number, most: number): void {
  assert.ok(typeof value === "number" && value >= least && value <= most, `${String(value)} in ${least} … ${most}`);
}
