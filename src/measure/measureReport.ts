import type { ErrorData } from "../base/errors.ts";
import type { LabMessage } from "../lab/labMessage.ts";
import type { LabResult } from "../lab/labResult.ts";

/** One experiment of a report. */
export interface ReportPart {
  readonly name: string;
  readonly title: string;
  readonly state: "waiting" | "running" | "found" | "failed";
  readonly error?: ErrorData;
}

/** Measurements of one model, from the first moment on. What was found lies in files beside it. */
export interface MeasureReport {
  /** What the model is called. */
  readonly model: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt?: number;
  /** `broken`: the process went away by itself. */
  readonly state: "running" | "finished" | "cancelled" | "broken";
  readonly error?: ErrorData;
  readonly parts: readonly ReportPart[];
}

/** What was found in one experiment. */
export interface Found {
  readonly result: LabResult;
  /** SVG, by name of the plot. */
  readonly pictures: ReadonlyMap<string, string>;
}

/** How far a run is, for the notification. */
export interface MeasureProgress {
  /** 0 … 1 of everything. */
  readonly fraction: number;
  readonly title: string;
  readonly what: string;
}

/** The report after the lab has said something. The same object: nothing has changed that is shown. */
export function reportAfter(report: MeasureReport, message: LabMessage): MeasureReport {
  switch (message.type) {
    case "plan":
      return { ...report, parts: message.experiments.map(({ name, title }) => ({ name, title, state: "waiting" })) };
    case "progress": {
      const part = report.parts.find(({ name }) => name === message.experiment);
      return part?.state === "waiting" ? withPart(report, message.experiment, { state: "running" }) : report;
    }
    case "result":
      return withPart(report, message.experiment, { state: "found" });
    case "failed":
      return withPart(report, message.experiment, { state: "failed", error: message.error });
  }
}

/** The report once nothing runs any more: what was being measured then is so no longer. */
export function reportEnded(
  report: MeasureReport,
  state: Exclude<MeasureReport["state"], "running">,
  endedAt: number,
  error?: ErrorData,
): MeasureReport {
  const parts = report.parts.map((part) => {
    if (part.state !== "running") return part;
    return error === undefined ? { ...part, state: "waiting" as const } : { ...part, state: "failed" as const, error };
  });
  return { ...report, parts, state, endedAt, ...(error === undefined ? {} : { error }) };
}

export function progressOf(
  { parts }: MeasureReport,
  { experiment, fraction, what }: Extract<LabMessage, { type: "progress" }>,
): MeasureProgress {
  const at = parts.findIndex(({ name }) => name === experiment);
  const title = plainTitle(parts[at]?.title ?? experiment);
  return { fraction: (Math.max(0, at) + fraction) / Math.max(1, parts.length), title, what };
}

/** Without the letter that an experiment has in the project's own list of them. */
export function plainTitle(title: string): string {
  return title.replace(/ \([A-Z]\)$/, "");
}

function withPart(report: MeasureReport, name: string, change: Partial<ReportPart>): MeasureReport {
  return { ...report, parts: report.parts.map((part) => (part.name === name ? { ...part, ...change } : part)) };
}
