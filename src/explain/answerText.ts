import * as vscode from "vscode";
import type { Answer, AnswerNote } from "./answer.ts";
import { harmlessMarkdown, plainText } from "./answerMarkdown.ts";

/** An answer as its comment shows it. */
export function answerBody(answer: Answer): vscode.MarkdownString {
  const progress = progressText(answer);
  if (answer.text === "" && progress !== "") {
    // Only our own words may hold icons: the model's may hold code that looks like one.
    return new vscode.MarkdownString(`$(loading~spin) ${progress}`, true);
  }
  const notes = answer.notes.map(noteText);
  if (answer.status === "stopped") notes.push(vscode.l10n.t("You stopped this answer."));
  if (answer.status === "failed") notes.push(answer.error);
  if (answer.status === "done" && answer.text.trim() === "") {
    notes.push(vscode.l10n.t("The model had nothing to say. Ask again in other words, or select other code."));
  }
  const text = harmlessMarkdown(answer.text.trimEnd());
  const paragraphs = [...(text === "" ? [] : [text]), ...notes.map((note) => `*${plainText(note)}*`)];
  return new vscode.MarkdownString(paragraphs.join("\n\n"));
}

/** What goes on, beside the author's name. Empty when the answer is there. */
export function answerLabel(answer: Answer): string {
  if (answer.status === "writing") return vscode.l10n.t("writing…");
  return answer.status === "failed" ? vscode.l10n.t("failed") : "";
}

/** The thread in words, for its title and for screen readers. */
export function threadTitle(kind: "explain" | "fix", firstLine: number, lastLine: number): string {
  if (firstLine === lastLine) {
    return kind === "fix"
      ? vscode.l10n.t("Fix, line {0}", firstLine)
      : vscode.l10n.t("Explanation, line {0}", firstLine);
  }
  return kind === "fix"
    ? vscode.l10n.t("Fix, lines {0}–{1}", firstLine, lastLine)
    : vscode.l10n.t("Explanation, lines {0}–{1}", firstLine, lastLine);
}

function progressText(answer: Answer): string {
  switch (answer.status) {
    case "waiting":
      if (answer.ahead === 0) return vscode.l10n.t("Reading the code…");
      return answer.ahead === 1
        ? vscode.l10n.t("Waiting for the answer before this one…")
        : vscode.l10n.t("Waiting for {0} answers before this one…", answer.ahead);
    case "loading":
      return vscode.l10n.t("Loading the model…");
    case "thinking":
      return vscode.l10n.t("Thinking…");
    case "done":
    case "stopped":
    case "failed":
    case "declined":
      return "";
    case "reading":
    case "writing":
      return answer.read > 0 && answer.read < 1
        ? vscode.l10n.t("Reading the code… {0}", `${Math.round(answer.read * 100)} %`)
        : vscode.l10n.t("Reading the code…");
  }
}

function noteText(note: AnswerNote): string {
  switch (note.type) {
    case "linesLeftOut":
      return vscode.l10n.t(
        "Lines {0}–{1} were left out: the selection is too large for the model's window. Select fewer lines to read about them.",
        note.firstLine,
        note.lastLine,
      );
    case "onlyLines":
      return vscode.l10n.t(
        "Only lines {0}–{1} were read: the code around the problem is too large for the model's window.",
        note.firstLine,
        note.lastLine,
      );
    case "longLinesCut":
      return vscode.l10n.t("Very long lines were cut at their end.");
    case "answerCut":
      return vscode.l10n.t("Cut short here: there was no more room in the model's window. Ask below for the rest.");
    case "loop":
      return vscode.l10n.t("Stopped here: the model was repeating itself.");
  }
}
