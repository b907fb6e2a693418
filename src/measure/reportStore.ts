import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { pictureName } from "../lab/labMessage.ts";
import { isLabResult } from "../lab/labResult.ts";
import type { Found, MeasureReport } from "./measureReport.ts";

/** Reports that are kept on this machine, of all models. */
const keptReports = 10;
/** A report that is said to grow may do so in another window; no longer than this, in milliseconds. */
const longestRun = 24 * 3_600_000;
const reportFile = "report.json";
/** A result is refused that is larger than anything the lab writes, in bytes. */
const largestFile = 16 * 1024 ** 2;

/** A report with what was found. */
export interface StoredReport {
  readonly report: MeasureReport;
  /** By name of the experiment. */
  readonly found: ReadonlyMap<string, Found>;
}

/** Reports on disk: a folder for each, in which the lab writes its files. */
export class ReportStore {
  /** @param folder is made when it is needed */
  constructor(private readonly folder: string) {}

  /** A new folder for measurements of this model. */
  async create(modelPath: string, startedAt: number): Promise<string> {
    const folder = path.join(this.folder, `${modelKey(modelPath)}-${startedAt}`);
    await mkdir(folder, { recursive: true });
    return folder;
  }

  async write(folder: string, report: MeasureReport): Promise<void> {
    await writeFile(path.join(folder, reportFile), `${JSON.stringify(report, null, 2)}\n`);
  }

  /** The last report of this model in which anything was found. */
  async last(modelPath: string): Promise<StoredReport | undefined> {
    for (const name of (await this.names()).filter((each) => each.startsWith(`${modelKey(modelPath)}-`))) {
      const stored = await read(path.join(this.folder, name));
      if (stored === undefined || stored.found.size === 0) continue;
      // Whoever wrote that it runs is gone, or is another window, which shows it itself.
      const { report, found } = stored;
      return { report: report.state === "running" ? { ...report, state: "cancelled" } : report, found };
    }
    return undefined;
  }

  /** Deletes what nobody will look at any more: older reports of the same model, and all beyond the newest ten. */
  async tidy(now: number): Promise<void> {
    const models = new Set<string>();
    let kept = 0;
    for (const name of await this.names()) {
      const [model = ""] = name.split("-");
      const stored = models.has(model) ? undefined : await read(path.join(this.folder, name));
      const isWorthKeeping = stored !== undefined && stored.found.size > 0 && kept < keptReports;
      const mayRun = stored?.report.state === "running" && now - stored.report.startedAt < longestRun;
      if (isWorthKeeping || mayRun) {
        models.add(model);
        kept += 1;
      } else await rm(path.join(this.folder, name), { recursive: true, force: true });
    }
  }

  /** Newest first. */
  private async names(): Promise<string[]> {
    const names = await readdir(this.folder).catch(() => []);
    const time = (name: string): number => Number(name.split("-")[1]);
    return names.filter((name) => /^[0-9a-f]{16}-\d+$/.test(name)).sort((left, right) => time(right) - time(left));
  }
}

/** Undefined: there is nothing in it that can be shown. */
async function read(folder: string): Promise<StoredReport | undefined> {
  const report = await readJson(path.join(folder, reportFile));
  if (!isReport(report)) return undefined;
  const found = new Map<string, Found>();
  for (const { name, state } of report.parts) {
    const one = state === "found" ? await readFound(path.join(folder, `${name}.json`)) : undefined;
    if (one !== undefined) found.set(name, one);
  }
  return { report, found };
}

function isReport(value: unknown): value is MeasureReport {
  return typeof value === "object" && value !== null && "parts" in value && Array.isArray(value.parts);
}

/** What the lab has written into a file, with the pictures beside it. Undefined: it cannot be read. */
export async function readFound(file: string): Promise<Found | undefined> {
  const result = await readJson(file);
  if (!isLabResult(result)) return undefined;
  const pictures = new Map<string, string>();
  for (const { name } of result.plots) {
    const picture = path.join(path.dirname(file), pictureName(result.experiment, name));
    const svg = await readFile(picture, "utf8").catch(() => undefined);
    if (svg !== undefined) pictures.set(name, svg);
  }
  return { result, pictures };
}

async function readJson(file: string): Promise<unknown> {
  try {
    const text = await readFile(file, "utf8");
    return text.length > largestFile ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function modelKey(modelPath: string): string {
  return createHash("sha256").update(path.resolve(modelPath)).digest("hex").slice(0, 16);
}
