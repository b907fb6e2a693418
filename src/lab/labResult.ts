/** What an experiment found, as it is kept in JSON: tables and plots are drawn from it, nothing is said twice. */
export interface LabResult {
  /** Name on the command line. */
  readonly experiment: string;
  readonly title: string;
  /** The command that gives it. */
  readonly command: string;
  readonly quick: boolean;
  readonly model: ModelCard;
  /** Where the text comes from, and how many tokens of it were read. */
  readonly text?: { readonly source: string; readonly tokens: number };
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly machine: Machine;
  /** ISO 8601. */
  readonly measuredAt: string;
  readonly seconds: number;
  readonly tables: readonly Table[];
  readonly plots: readonly Plot[];
  /** What was to be shown, and whether it was. */
  readonly claims?: readonly Claim[];
  /** What was seen, in sentences that are computed from the figures. Never more than was measured. */
  readonly remarks: readonly string[];
  /** Everything that was measured, for whoever wants to reckon anew. */
  readonly raw?: unknown;
}

/** Whether this is what an experiment has written: training curves and the like lie in the same folder. */
export function isLabResult(value: unknown): value is LabResult {
  if (typeof value !== "object" || value === null) return false;
  const { experiment, tables, plots, remarks } = value as Partial<LabResult>;
  return typeof experiment === "string" && [tables, plots, remarks].every(Array.isArray);
}

export interface ModelCard {
  readonly name: string;
  /** File name without its folder. */
  readonly file: string;
  readonly architecture: string;
  readonly megabytes: number;
  readonly trainedContext: number;
}

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly platform: string;
}

/** Something that the paper, or this project, says beforehand; a line of the summary. */
export interface Claim {
  readonly claim: string;
  /** What was aimed at: `≤ 1.02`. */
  readonly target?: string;
  /** What the paper found. */
  readonly paper?: string;
  readonly figure: string;
  /** null: this measurement cannot tell. */
  readonly met: boolean | null;
}

export type Figure = string | number | null;

export interface Table {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Figure[])[];
}

export interface Column {
  readonly name: string;
  /** Whose figure it is; default: measured here. */
  readonly from?: "paper" | "target";
  /** Significant digits; default 4. */
  readonly digits?: number;
}

export interface Axis {
  readonly label: string;
  readonly log?: boolean;
}

/** A picture, drawn as SVG (src/lab/plot.ts). */
export type Plot = LinePlot | BarPlot | HeatPlot;

interface PlotBase {
  /** File name without extension, unique in the experiment. */
  readonly name: string;
  readonly title: string;
}

export interface LinePlot extends PlotBase {
  readonly kind: "line";
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly { readonly name: string; readonly points: readonly (readonly [number, number])[] }[];
}

export interface BarPlot extends PlotBase {
  readonly kind: "bar";
  readonly y: Axis;
  readonly groups: readonly string[];
  readonly series: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
}

/** `values[row][column]`, row 0 on top. */
export interface HeatPlot extends PlotBase {
  readonly kind: "heat";
  readonly x: Axis;
  readonly y: Axis;
  /** What a value is; shown beside the scale of colours. */
  readonly value?: { readonly label: string };
  readonly values: readonly (readonly number[])[];
}
