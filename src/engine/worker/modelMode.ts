import type { LlamaModel } from "node-llama-cpp";
import type { EngineMode, GateVerdict, Hardware, SelfTestFigures } from "../engine.ts";
import { modelFingerprint } from "./modelFingerprint.ts";
import { runSelfTest, type SelfTestReport } from "./selfTest.ts";
import type { SelfTestStore } from "./selfTestStore.ts";

/** A test that did not end may have been cut off by the user once; twice, the model is at fault. */
const mostAttempts = 2;

export interface ModelMode {
  readonly mode: Exclude<EngineMode, "refuse">;
  /** Why the mode is not `stream`, for the user. */
  readonly reasons: readonly string[];
  readonly selfTest?: SelfTestFigures;
}

/**
 * How a loaded model is run in a window of this size. The metadata decide first; where they allow a shift, the model
 * itself is asked once: it moves some tokens and compares its predictions.
 */
export async function decideMode(
  verdict: GateVerdict,
  modelPath: string,
  model: LlamaModel,
  contextSize: number,
  store: SelfTestStore,
  { threads, valueCache }: Pick<Hardware, "threads" | "valueCache">,
): Promise<ModelMode> {
  const slidingFits = verdict.maxStreamWindow !== undefined && contextSize <= verdict.maxStreamWindow;
  if (verdict.mode !== "stream" && !slidingFits) return { mode: "recompute", reasons: verdict.reasons };

  const fingerprint = `${await modelFingerprint(modelPath)}${valueCache === "f16" ? "" : `-${valueCache}`}`;
  const known = await store.read(fingerprint);
  const attempts = known?.state === "running" ? known.attempts : 0;
  if (attempts >= mostAttempts) {
    return { mode: "recompute", reasons: ["The engine stopped when it tried to move what this model remembers."] };
  }
  const report =
    known?.state === "done"
      ? known.report
      : await test(fingerprint, model, store, { threads, valueCache }, attempts + 1);
  const { passed, worstDivergence, tolerance, evaluatedAgain, milliseconds } = report;
  const selfTest = { passed, worstDivergence, tolerance, evaluatedAgain, milliseconds };
  if (passed) return { mode: "stream", reasons: [], selfTest };
  return {
    mode: "recompute",
    reasons: [
      "The engine's check of this model failed: moving what it remembers changed its predictions " +
        `(divergence ${worstDivergence.toPrecision(2)}, allowed ${tolerance}).`,
    ],
    selfTest,
  };
}

async function test(
  fingerprint: string,
  model: LlamaModel,
  store: SelfTestStore,
  options: Pick<Hardware, "threads" | "valueCache">,
  attempts: number,
): Promise<SelfTestReport> {
  await store.write(fingerprint, { state: "running", attempts });
  const report = await runSelfTest(model, options);
  await store.write(fingerprint, { state: "done", report });
  return report;
}
