import * as vscode from "vscode";
import type { Event } from "../base/disposable.ts";
import { statusItem, type ChatStatus } from "./statusItem.ts";

export interface StatusBarOptions {
  readonly status: () => ChatStatus;
  readonly onDidChange: Event<void>;
}

/** Milliseconds between two drawings while something changes on and on. */
const drawMs = 150;

/** Shows in the status bar what the model is doing. */
export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("daylong.status", vscode.StatusBarAlignment.Right, 90);
  private readonly listening: { dispose(): unknown };
  private timer: ReturnType<typeof setTimeout> | undefined;
  private drawn = "";

  constructor(private readonly options: StatusBarOptions) {
    this.item.name = "Daylong";
    this.draw();
    this.item.show();
    this.listening = options.onDidChange(() => {
      this.timer ??= setTimeout(() => this.draw(), drawMs);
    });
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.listening.dispose();
    this.item.dispose();
  }

  private draw(): void {
    this.timer = undefined;
    const { language } = vscode.env;
    const shown = statusItem(this.options.status(), (text, ...values) => vscode.l10n.t(text, ...values), language);
    const key = JSON.stringify(shown);
    if (key === this.drawn) return;
    this.drawn = key;
    this.item.text = shown.text;
    this.item.command = shown.command;
    this.item.backgroundColor =
      shown.background === undefined ? undefined : new vscode.ThemeColor(`statusBarItem.${shown.background}Background`);
    const tooltip = new vscode.MarkdownString();
    // Text, not markdown: names of files and messages come from elsewhere.
    for (const [index, line] of shown.tooltip.entries()) tooltip.appendText(index === 0 ? line : `\n\n${line}`);
    this.item.tooltip = tooltip;
    this.item.accessibilityInformation = { label: `Daylong. ${shown.tooltip.join(" ")}`, role: "button" };
  }
}
