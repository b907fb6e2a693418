/**
 * Prints what a shift does to the paper's model families, and keeps it where the other measurements are.
 * `node --import tsx test/scripts/families.ts [FOLDER]`
 */
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { getLlama, LlamaLogLevel } from "node-llama-cpp";
import type { LabResult } from "../../src/lab/labResult.ts";
import { resultJson } from "../../src/lab/report/resultJson.ts";
import { families, measureFamily, type FamilyShift } from "../fixtures/engine/familyShift.ts";

const startedAt = performance.now();
const folder = mkdtempSync(join(tmpdir(), "daylong-families-"));
const path = join(folder, "model.gguf");
const measured: { readonly name: string; readonly positions: string; readonly shift: FamilyShift }[] = [];
let bytes = 0;
const llama = await getLlama({ gpu: false, build: "never", skipDownload: true, logLevel: LlamaLogLevel.error });
try {
  for (const family of families) {
    measured.push({ ...family, shift: await measureFamily(llama, family, path) });
    bytes = Math.max(bytes, statSync(path).size);
  }
} finally {
  await llama.dispose();
  rmSync(folder, { recursive: true });
}

/** Nats. */
const rounding = 1e-4;
const worst = Math.max(...measured.flatMap(({ shift }) => shift.shifts.map(({ divergence }) => divergence)));
const streaming = measured.filter(({ shift }) => shift.verdict.mode === "stream");
const result: LabResult = {
  experiment: "families",
  title: "The paper's model families: a shift against a fresh evaluation",
  command: "node --import tsx test/scripts/families.ts docs/lab",
  quick: false,
  model: {
    name: "random weights, one layer, one of each family",
    file: "generated",
    architecture: measured.map(({ shift }) => shift.verdict.architecture).join(", "),
    megabytes: bytes / 1e6,
    trainedContext: measured[0]?.shift.verdict.trainedContext ?? 0,
  },
  settings: { keptAtTheHead: 4, erasedAtATime: 24, text: 160, probes: 8 },
  machine: {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    platform: `${process.platform}-${process.arch}`,
  },
  measuredAt: new Date().toISOString(),
  seconds: Math.round((performance.now() - startedAt) / 1000),
  tables: [
    {
      title: "Predictions after erasing in the middle, against a fresh evaluation of what is kept",
      columns: [
        { name: "family" },
        { name: "architecture" },
        { name: "positions" },
        { name: "the gate says" },
        { name: "KL after 1 shift (nats)", digits: 2 },
        { name: "KL after 4 shifts (nats)", digits: 2 },
        { name: "largest difference of a probability", digits: 2 },
        { name: "same best token (%)" },
        { name: "KL if nothing had been erased (nats)", digits: 2 },
        { name: "tokens evaluated again" },
        { name: "self-test, worst KL (nats)", digits: 2 },
      ],
      rows: measured.map(({ name, positions, shift }) => [
        name,
        shift.verdict.architecture,
        positions,
        shift.verdict.mode,
        shift.shifts[0]?.divergence ?? null,
        shift.shifts.at(-1)?.divergence ?? null,
        Math.max(...shift.shifts.map(({ apart }) => apart)),
        100 * Math.min(...shift.shifts.map(({ sameBest }) => sameBest)),
        shift.control.divergence,
        shift.evaluatedAgain,
        shift.selfTest.worstDivergence,
      ]),
    },
  ],
  plots: [],
  claims: [
    {
      claim: `A shift is a fresh evaluation but for rounding: ${measured.map(({ name }) => name).join(", ")} (KL in nats)`,
      target: `≤ ${rounding}`,
      figure: worst.toPrecision(2),
      met: worst <= rounding && streaming.length === measured.length,
    },
  ],
  remarks: [
    `${streaming.length} of ${measured.length} families stream: their cells are moved and nothing is evaluated again.`,
    `With one layer a shift is a fresh evaluation but for rounding: the divergence is at most ${worst.toPrecision(2)} nats.`,
  ],
  raw: measured,
};
for (const table of result.tables) {
  console.table(
    table.rows.map((row) => Object.fromEntries(table.columns.map(({ name }, index) => [name, row[index]]))),
  );
}
const out = process.argv[2];
if (out !== undefined) writeFileSync(join(out, "families.json"), resultJson(result).json);
