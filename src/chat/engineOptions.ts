import type { LoadOptions, ReplyOptions, Sampling } from "../engine/engine.ts";
import type { ChatSettings } from "./chatHost.ts";
import type { ModelChoice } from "./modelSession.ts";

/**
 * What the settings mean for loading a model.
 * @param snapshotPath see `LoadOptions.snapshotPath`
 */
export function loadOptionsOf(settings: ChatSettings, snapshotPath?: string): Omit<LoadOptions, "modelPath"> {
  const { contextSize, gpu, valueCache, systemPrompt } = settings;
  return {
    ...(contextSize > 0 ? { contextSize } : {}),
    gpu: gpu === "off" ? false : "auto",
    ...(valueCache === "q8_0" ? { valueCache } : {}),
    systemPrompt,
    ...(snapshotPath === undefined ? {} : { snapshotPath }),
  };
}

/** A settings file holds what its writer put there: only what makes sense is handed on. */
export function replyOptionsOf(settings: ChatSettings): ReplyOptions {
  const { temperature, sampling, maxTokens } = settings;
  const asked: Readonly<Record<string, unknown>> = { ...sampling, temperature };
  const known = Object.entries(samplingRanges).filter(([name, accepts]) => {
    const value = asked[name];
    return typeof value === "number" && accepts(value);
  });
  const stopStrings = settings.stopStrings.filter((text) => typeof text === "string" && text !== "") as string[];
  return {
    sampling: { ...Object.fromEntries(known.map(([name]) => [name, asked[name]])), maxTokens },
    ...(stopStrings.length === 0 ? {} : { stopStrings }),
  };
}

const samplingRanges: Readonly<Record<Exclude<keyof Sampling, "maxTokens">, (value: number) => boolean>> = {
  temperature: (value) => value >= 0,
  topK: (value) => Number.isInteger(value) && value >= 0,
  topP: (value) => value > 0 && value <= 1,
  minP: (value) => value >= 0 && value <= 1,
  repeatPenalty: (value) => value > 0,
  seed: (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32,
};

export function chosenModelOf({ modelPath }: ChatSettings, prefersDemo: boolean): ModelChoice {
  if (prefersDemo) return { kind: "demo" };
  return modelPath === "" ? { kind: "none" } : { kind: "file", path: modelPath };
}
