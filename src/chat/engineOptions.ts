import type { LoadOptions, ReplyOptions } from "../engine/engine.ts";
import type { ChatSettings } from "./chatHost.ts";
import type { ModelChoice } from "./modelSession.ts";

/**
 * What the settings mean for loading a model.
 * @param snapshotPath see `LoadOptions.snapshotPath`
 */
export function loadOptionsOf(settings: ChatSettings, snapshotPath?: string): Omit<LoadOptions, "modelPath"> {
  const { contextSize, gpu, systemPrompt } = settings;
  return {
    ...(contextSize > 0 ? { contextSize } : {}),
    gpu: gpu === "off" ? false : "auto",
    systemPrompt,
    ...(snapshotPath === undefined ? {} : { snapshotPath }),
  };
}

export function replyOptionsOf({ temperature, maxTokens }: ChatSettings): ReplyOptions {
  return { sampling: { temperature, maxTokens } };
}

export function chosenModelOf({ modelPath }: ChatSettings, prefersDemo: boolean): ModelChoice {
  if (prefersDemo) return { kind: "demo" };
  return modelPath === "" ? { kind: "none" } : { kind: "file", path: modelPath };
}
