/** A line that train.py prints. */
export interface TrainingReport {
  /** Which of the models that are trained side by side. */
  readonly run: string;
  readonly step: number;
  readonly tokens: number;
  /** Spent on this model's steps. */
  readonly seconds: number;
  readonly tokensPerSecond: number;
  /** Nats per token, mean since the last report. */
  readonly loss?: number;
  readonly validationLoss?: number;
  /** By layer: the largest share, over the heads, of the attention that falls on the first position. */
  readonly firstTokenShare?: readonly number[];
}

const mostPoints = 200;

/** At most 200 reports, evenly spread, with all validations that fit and the last one; losses are means over what was left out. */
export function thinned(reports: readonly TrainingReport[]): TrainingReport[] {
  const size = Math.ceil(reports.length / mostPoints);
  const points: TrainingReport[] = [];
  for (let start = 0; start < reports.length; start += size) {
    const part = reports.slice(start, start + size);
    const losses = part.flatMap(({ loss }) => loss ?? []);
    const validated = part.findLast(({ validationLoss }) => validationLoss !== undefined);
    const loss = Number((losses.reduce((sum, value) => sum + value, 0) / losses.length).toFixed(4));
    points.push({ ...validated, ...part.at(-1)!, ...(losses.length > 0 ? { loss } : {}) });
  }
  return points;
}
