import { toErrorData } from "../base/errors.ts";
import type { LabMessage } from "../lab/labMessage.ts";
import { LabProcess } from "./labProcess.ts";
import {
  progressOf,
  reportAfter,
  reportEnded,
  type Found,
  type MeasureProgress,
  type MeasureReport,
} from "./measureReport.ts";
import { readFound, type ReportStore, type StoredReport } from "./reportStore.ts";

export interface MeasureRunOptions {
  readonly labPath: string;
  readonly modelPath: string;
  readonly modelName: string;
  /** What the lab is to do, before the flags for the model and for where its files go. */
  readonly args: readonly string[];
  readonly store: ReportStore;
  /** Something that is shown has changed. */
  readonly onDidChange: (stored: StoredReport) => void;
  readonly onDidProgress: (progress: MeasureProgress) => void;
  readonly log: (line: string) => void;
  readonly now?: () => number;
}

/** One run of the lab on one model: keeps the report of it while it grows. */
export class MeasureRun {
  private report: MeasureReport;
  private readonly found = new Map<string, Found>();
  private process: LabProcess | undefined;
  private cancelled = false;
  /** Files are read one after the other, in the order in which the lab tells of them. */
  private reading: Promise<void> = Promise.resolve();
  private folder = "";

  constructor(private readonly options: MeasureRunOptions) {
    this.report = { model: options.modelName, startedAt: this.now(), state: "running", parts: [] };
  }

  get stored(): StoredReport {
    return { report: this.report, found: new Map(this.found) };
  }

  /** Never rejects: what went wrong is in the report. Resolves when the process is gone and everything is on disk. */
  async run(): Promise<StoredReport> {
    const { store, labPath, modelPath, args, log } = this.options;
    try {
      this.folder = await store.create(modelPath, this.report.startedAt);
      await this.change(this.report);
      if (this.cancelled) return await this.end("cancelled");
      const flags = ["--model", modelPath, "--out", this.folder];
      const lab = new LabProcess({
        labPath,
        args: [...args, ...flags],
        log,
        onMessage: (message) => this.follow(message),
      });
      this.process = lab;
      return await this.end(await lab.ended);
    } catch (error) {
      return this.end("broken", error);
    }
  }

  /** What was found until then stays. */
  cancel(): void {
    this.cancelled = true;
    this.process?.cancel();
  }

  private follow(message: LabMessage): void {
    this.reading = this.reading.then(async () => {
      if (message.type === "progress") this.options.onDidProgress(progressOf(this.report, message));
      const one = message.type === "result" ? await readFound(message.file) : undefined;
      if (one !== undefined) this.found.set(one.result.experiment, one);
      await this.change(reportAfter(this.report, message));
    });
  }

  private async end(state: "finished" | "cancelled" | "broken", error?: unknown): Promise<StoredReport> {
    await this.reading;
    const data = error === undefined ? undefined : toErrorData(error);
    if (data !== undefined) this.options.log(`measurement: ${data.code}: ${data.detail ?? data.message}`);
    await this.change(reportEnded(this.report, state, this.now(), data));
    return this.stored;
  }

  private async change(report: MeasureReport): Promise<void> {
    const isSame = report === this.report && report.parts.length > 0;
    this.report = report;
    if (isSame) return;
    this.options.onDidChange(this.stored);
    if (this.folder === "") return;
    await this.options.store.write(this.folder, report).catch((error: unknown) => {
      this.options.log(`the report of the measurement was not written: ${String(error)}`);
    });
  }

  private now(): number {
    return (this.options.now ?? Date.now)();
  }
}
