import type { CountersView, ModelView } from "../messages/chatMessages.ts";
import type { Translate } from "./errorText.ts";

/** What the workbench shows of the chat beside its view. */
export interface ChatStatus {
  readonly model: ModelView;
  readonly counters: CountersView;
  /** A reply runs. */
  readonly busy: boolean;
  /** A side question is being answered; a reply that runs stands still for it. */
  readonly asking: boolean;
}

export interface StatusItem {
  /** With codicons, as `$(name)`. */
  readonly text: string;
  /** Lines of plain text; the first is what the item says. */
  readonly tooltip: readonly string[];
  readonly command: "daylong.openChat" | "daylong.chooseModel" | "daylong.restartEngine";
  readonly background: "error" | "warning" | undefined;
}

/** By the English text, which is the key of the translations. */
export const statusTexts = {
  openHint: "Click to open the chat.",
  none: "No model is chosen yet.",
  noneHint: "Click to choose one.",
  unloaded: "{0} is chosen. It is loaded with your first words.",
  loading: "{0} is being loaded: {1}",
  failedHint: "Click to choose another model.",
  crashed: "The engine stopped unexpectedly. The conversation is safe.",
  crashedHint: "Click to start it again.",
  paused: "{0} answers a side question; the reply stands still for it.",
  asking: "{0} answers a side question.",
  working: "{0} writes a reply.",
  outdated: "Settings have changed since {0} was loaded. They take effect when it is loaded again.",
  recompute: "{0} is ready, in recompute mode: after forgetting, it reads what is kept once more.",
  ready: "{0} is ready ({1}).",
  window: "Window: {0} of {1} tokens",
  today: "Today: {0} tokens, {1} shifts, {2} tokens re-processed",
} as const;

/** What the status bar says, and where a click leads: to the chat, or to what helps. */
export function statusItem(status: ChatStatus, translate: Translate, language: string): StatusItem {
  const { model } = status;
  const fix = (text: string, line: string, command: StatusItem["command"], hint: string): StatusItem => ({
    text,
    tooltip: [line, ...counterLines(status, translate, language), hint],
    command,
    background: "error",
  });
  const open = (text: string, line: string): StatusItem => ({
    text,
    tooltip: [line, ...counterLines(status, translate, language), translate(statusTexts.openHint)],
    command: "daylong.openChat",
    background: undefined,
  });
  switch (model.state) {
    case "none":
      return {
        text: "$(circle-slash) Daylong",
        tooltip: [translate(statusTexts.none), translate(statusTexts.noneHint)],
        command: "daylong.chooseModel",
        background: undefined,
      };
    case "unloaded":
      return open(`$(circle-outline) ${model.name}`, translate(statusTexts.unloaded, model.name));
    case "loading": {
      const percent = new Intl.NumberFormat(language, { style: "percent" }).format(model.fraction);
      return open(`$(loading~spin) ${model.name} ${percent}`, translate(statusTexts.loading, model.name, percent));
    }
    case "failed":
      return fix(
        `$(error) ${model.name}`,
        model.error.message,
        "daylong.chooseModel",
        translate(statusTexts.failedHint),
      );
    case "crashed":
      return fix(
        `$(error) ${model.name}`,
        translate(statusTexts.crashed),
        "daylong.restartEngine",
        translate(statusTexts.crashedHint),
      );
    case "ready":
      return readyItem(model, status, open, translate);
  }
}

function readyItem(
  model: Extract<ModelView, { state: "ready" }>,
  { busy, asking }: ChatStatus,
  open: (text: string, line: string) => StatusItem,
  translate: Translate,
): StatusItem {
  const { name } = model;
  if (asking && busy) {
    return open(`$(debug-pause) ${name}`, translate(statusTexts.paused, name));
  }
  if (asking) return open(`$(comment-discussion) ${name}`, translate(statusTexts.asking, name));
  if (busy) return open(`$(loading~spin) ${name}`, translate(statusTexts.working, name));
  if (model.outdated) {
    return {
      ...open(`$(warning) ${name}`, translate(statusTexts.outdated, name)),
      background: "warning",
    };
  }
  if (model.mode === "recompute") {
    return open(`$(sync) ${name}`, translate(statusTexts.recompute, name));
  }
  return open(`$(check) ${name}`, translate(statusTexts.ready, name, model.gpu));
}

function counterLines({ counters }: ChatStatus, translate: Translate, language: string): string[] {
  const number = (value: number): string => value.toLocaleString(language);
  const { windowTokens, windowSize, shifts, reprocessedTokens, tokens } = counters;
  const window = translate(statusTexts.window, number(windowTokens), number(windowSize));
  const today = translate(statusTexts.today, number(tokens), number(shifts), number(reprocessedTokens));
  return [...(windowSize > 0 ? [window] : []), ...(tokens > 0 ? [today] : [])];
}
