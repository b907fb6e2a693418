import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { evenShare } from "./attentionStatistics.ts";
import type { LinePlot, Table } from "./labResult.ts";
import { projectRoot } from "./projectRoot.ts";
import type { Twin } from "./twins.ts";

/** What a training leaves (test/training): a line for each stretch of steps. */
interface TrainingReport {
  readonly step: number;
  /** Nats per token. */
  readonly loss?: number;
  /** By layer: the largest share over the heads of the attention that falls on the first position. */
  readonly firstTokenShare?: readonly number[];
}

export interface TrainingRecord {
  readonly name: string;
  readonly shape: { readonly context: number };
  readonly curve: readonly TrainingReport[];
}

/** Of those twins whose training has left its record, by the names that they are shown with. */
export function trainingRecords(
  twins: readonly (readonly [twin: Twin, name: string, ...unknown[]])[],
): TrainingRecord[] {
  const folder = path.join(projectRoot(), "docs", "lab");
  return twins.flatMap(([twin, name]) => {
    const file = path.join(folder, `training-${twin}.json`);
    return existsSync(file) ? [{ ...(JSON.parse(readFileSync(file, "utf8")) as TrainingRecord), name }] : [];
  });
}

export function trainingCurves(records: readonly TrainingRecord[]): LinePlot[] {
  return [
    {
      kind: "line",
      name: "training",
      title: "Loss in training",
      x: { label: "steps" },
      y: { label: "nats per token" },
      series: records.map(({ name, curve }) => ({
        name,
        points: curve.flatMap(({ step, loss }) => (loss === undefined ? [] : [[step, loss] as const])),
      })),
    },
    {
      kind: "line",
      name: "training-share",
      title: "Share of the first token in the attention of the head that gives it most, in training",
      x: { label: "steps" },
      y: { label: "share" },
      series: records.map(({ name, curve }) => ({
        name,
        points: curve.flatMap(({ step, firstTokenShare: share }) =>
          share === undefined ? [] : [[step, Math.max(...share)] as const],
        ),
      })),
    },
  ];
}

/** Where attention went at the end of the training, in texts of the validation. */
export function trainingShares(records: readonly TrainingRecord[]): Table {
  const last = records.map(({ curve }) => curve.findLast((report) => report.firstTokenShare)?.firstTokenShare ?? []);
  const layers = Math.max(...last.map((share) => share.length));
  const context = records[0]?.shape.context ?? 0;
  return {
    title: `Share of the first token in the attention of tokens ${context / 2} to ${context - 1}, largest head, at the end of the training`,
    columns: [{ name: "layer" }, ...records.map(({ name }) => ({ name })), { name: "even share" }],
    rows: Array.from({ length: layers }, (_, layer) => [
      layer,
      ...last.map((share) => share[layer] ?? null),
      evenShare(context / 2, context),
    ]),
  };
}
