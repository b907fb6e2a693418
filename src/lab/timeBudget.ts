import type { LabContext } from "./experiment.ts";

/** Minutes unless `--minutes` says otherwise: on the demo model only the number of samples counts. */
const minutes = { quick: 1.5, ownModel: 30 };

/**
 * How long an experiment may take. Samples are taken in rounds in which everything is measured once, as many as there is
 * time for: so fewer rounds on a slower machine, but never another method.
 */
export class TimeBudget {
  private readonly startedAt = performance.now();
  private readonly milliseconds: number;

  constructor({ number, quick, modelPath }: Pick<LabContext, "number" | "quick" | "modelPath">) {
    const otherwise = quick ? minutes.quick : modelPath === undefined ? Number.POSITIVE_INFINITY : minutes.ownModel;
    this.milliseconds = number("minutes", otherwise) * 60_000;
  }

  /** 0 … 1 of the time, or of the rounds, whichever is further. */
  used(round: number, rounds: number): number {
    return Math.min(1, Math.max(round / rounds, (performance.now() - this.startedAt) / this.milliseconds));
  }

  isSpent(): boolean {
    return performance.now() - this.startedAt >= this.milliseconds;
  }
}
