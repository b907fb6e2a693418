import * as vscode from "vscode";
import type { ChatSettings } from "./chat/chatHost.ts";

/** Every setting, without its prefix; a unit test holds the names and defaults against package.json. */
export const settingDefaults = {
  "model.path": "",
  "model.contextSize": 0,
  "model.gpu": "auto" as ChatSettings["gpu"],
  "model.unloadAfterMinutes": 30,
  "model.valueCache": "f16" as ChatSettings["valueCache"],
  systemPrompt: "You are a coding assistant.",
  "reply.temperature": null as number | null,
  "reply.sampling": {} as ChatSettings["sampling"],
  "reply.maxTokens": 2048,
  "reply.stopStrings": [] as readonly unknown[],
  "composer.sendWith": "enter" as ChatSettings["sendWith"],
  "storage.limitMegabytes": 8192,
};

type Settings = typeof settingDefaults;

const section = "daylong";

function read<Name extends keyof Settings>(name: Name): Settings[Name] {
  return vscode.workspace.getConfiguration(section).get<Settings[Name]>(name, settingDefaults[name]);
}

export function chatSettings(): ChatSettings {
  return {
    modelPath: read("model.path"),
    contextSize: read("model.contextSize"),
    gpu: read("model.gpu"),
    valueCache: read("model.valueCache"),
    systemPrompt: read("systemPrompt"),
    temperature: read("reply.temperature"),
    sampling: read("reply.sampling"),
    maxTokens: read("reply.maxTokens"),
    unloadAfterMinutes: read("model.unloadAfterMinutes"),
    stopStrings: read("reply.stopStrings"),
    sendWith: read("composer.sendWith"),
  };
}

/** Bytes that all conversations on this machine may take. */
export function storageLimit(): number {
  return read("storage.limitMegabytes") * 1024 ** 2;
}

export async function storeModelPath(path: string): Promise<void> {
  await vscode.workspace
    .getConfiguration(section)
    .update("model.path" satisfies keyof Settings, path, vscode.ConfigurationTarget.Global);
}

/** `isOtherModel`: whether the model itself is among what has changed. */
export function onDidChangeSettings(listener: (isOtherModel: boolean) => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(section)) listener(event.affectsConfiguration(`${section}.model.path`));
  });
}
