import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import path from "node:path";
import * as vscode from "vscode";
import { DaylongError, type ErrorData } from "../base/errors.ts";
import type { MeasureProgress } from "./measureReport.ts";
import { MeasureRun } from "./measureRun.ts";
import { reportJson, reportMarkdown } from "./reportFiles.ts";
import { reportHtml } from "./reportHtml.ts";
import { ReportStore, type StoredReport } from "./reportStore.ts";

export interface ModelMeasurementsOptions {
  /** The bundled lab, dist/lab.mjs. */
  readonly labPath: string;
  readonly icon: vscode.Uri;
  /** Where reports are kept. */
  readonly folder: string;
  /** The file of the chosen model; undefined: none is chosen. */
  readonly modelPath: () => string | undefined;
  readonly chooseModel: () => Promise<void>;
  readonly useDemoModel: () => Promise<void>;
  /** Puts what went wrong into words made for the user. */
  readonly describe: (error: ErrorData | Error) => string;
  readonly log: (line: string) => void;
}

const panelId = "daylong.measurements";
/** Context key: offers "Stop Measuring". */
const runningKey = "daylong.measuring";

/** What the lab is asked for: the quick versions of what suits any model, on half of the cores. */
const quickRun = ["any", "--quick", "--threads", String(Math.max(1, Math.floor(availableParallelism() / 2)))];

/** "Measure This Model": the commands, the notification and the editor tab. */
export class ModelMeasurements implements vscode.Disposable {
  readonly handlers = {
    "daylong.measureModel": () => this.open(),
    "daylong.measureAgain": () => this.measure(),
    "daylong.stopMeasuring": () => this.run?.cancel(),
    "daylong.saveMeasurements": () => this.save(),
  };
  private readonly store: ReportStore;
  private run: MeasureRun | undefined;
  private panel: vscode.WebviewPanel | undefined;
  /** What the tab shows. */
  private shown: StoredReport | undefined;

  constructor(private readonly options: ModelMeasurementsOptions) {
    this.store = new ReportStore(options.folder);
  }

  /** The page of the tab; undefined: it is closed. */
  get html(): string | undefined {
    return this.panel?.webview.html;
  }

  dispose(): void {
    this.run?.cancel();
    this.panel?.dispose();
  }

  /** Shows the last report of the chosen model; where there is none yet, it is measured. */
  async open(): Promise<void> {
    if (this.isRunning) {
      this.tellRunning();
      return;
    }
    const modelPath = this.options.modelPath() ?? (await this.offerModel());
    if (modelPath === undefined) return;
    const last = await this.store.last(modelPath);
    if (last === undefined) await this.measure();
    else this.show(last, true);
  }

  /** @param args what the lab is asked for. Resolves when nothing runs any more. */
  async measure(args: readonly string[] = quickRun): Promise<void> {
    if (this.isRunning) {
      this.tellRunning();
      return;
    }
    const modelPath = this.options.modelPath() ?? (await this.offerModel());
    // While the user was asked, another one may have begun.
    if (modelPath === undefined || this.run !== undefined) return;
    const modelName = path.basename(modelPath).replace(/\.gguf$/i, "");
    let tell: (progress: MeasureProgress) => void = () => undefined;
    const run = new MeasureRun({
      labPath: this.options.labPath,
      modelPath,
      modelName,
      args,
      store: this.store,
      onDidChange: (stored) => this.show(stored, false),
      onDidProgress: (progress) => tell(progress),
      log: this.options.log,
    });
    this.run = run;
    this.show(run.stored, true);
    void vscode.commands.executeCommand("setContext", runningKey, true);
    try {
      await vscode.window.withProgress(
        {
          location: vscode.ProgressLocation.Notification,
          title: vscode.l10n.t("Measuring {0}", modelName),
          cancellable: true,
        },
        async (progress, token) => {
          let told = 0;
          tell = ({ fraction, title, what }) => {
            progress.report({ increment: Math.max(0, 100 * (fraction - told)), message: `${title}: ${what}` });
            told = Math.max(told, fraction);
          };
          token.onCancellationRequested(() => run.cancel());
          const { report } = await run.run();
          if (report.error !== undefined) void vscode.window.showErrorMessage(this.options.describe(report.error));
        },
      );
    } finally {
      this.run = undefined;
      void vscode.commands.executeCommand("setContext", runningKey, false);
      await this.store.tidy(Date.now());
    }
  }

  private get isRunning(): boolean {
    return this.run !== undefined;
  }

  private tellRunning(): void {
    if (this.shown !== undefined) this.show(this.shown, true);
    void vscode.window.showInformationMessage(
      vscode.l10n.t("A measurement is running already. Wait for it, or stop it first."),
    );
  }

  /** Offers to choose a model where there is none. Undefined: the user does not want to. */
  private async offerModel(): Promise<string | undefined> {
    const choose = vscode.l10n.t("Choose a model file…");
    const demo = vscode.l10n.t("Try the demo model");
    const error = new DaylongError("no-model", "No model is chosen yet. Choose a model, or try the demo model.");
    const answer = await vscode.window.showErrorMessage(this.options.describe(error), choose, demo);
    if (answer === choose) await this.options.chooseModel();
    if (answer === demo) await this.options.useDemoModel();
    return this.options.modelPath();
  }

  /** @param reveal brings the tab to the front; otherwise it changes only if it is open */
  private show(stored: StoredReport, reveal: boolean): void {
    this.shown = stored;
    if (this.panel === undefined) {
      if (!reveal) return;
      this.panel = this.createPanel();
    } else if (reveal) this.panel.reveal();
    this.panel.title = vscode.l10n.t("Measurements of {0}", stored.report.model);
    this.panel.webview.html = reportHtml(stored, {
      translate: (message, ...values) => vscode.l10n.t(message, ...values),
      language: vscode.env.language,
      describe: this.options.describe,
      nonce: randomBytes(16).toString("hex"),
    });
  }

  private createPanel(): vscode.WebviewPanel {
    const panel = vscode.window.createWebviewPanel(panelId, "", vscode.ViewColumn.Active, {
      enableScripts: false,
      enableFindWidget: true,
      enableCommandUris: Object.keys(this.handlers),
      localResourceRoots: [],
    });
    panel.iconPath = this.options.icon;
    panel.onDidDispose(() => {
      this.panel = undefined;
    });
    return panel;
  }

  private async save(): Promise<void> {
    const { shown } = this;
    if (shown === undefined || shown.found.size === 0) {
      void vscode.window.showInformationMessage(vscode.l10n.t("There is no measurement to save yet."));
      return;
    }
    const name = `${shown.report.model.replace(/[^\p{L}\p{N}._-]+/gu, "-")}-measurements.md`;
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const target = await vscode.window.showSaveDialog({
      title: vscode.l10n.t("Save the measurements"),
      ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, name) }),
      filters: { Markdown: ["md"], JSON: ["json"] },
    });
    if (target === undefined) return;
    try {
      await this.saveAs(shown, target);
      const open = vscode.l10n.t("Open the file");
      const answer = await vscode.window.showInformationMessage(vscode.l10n.t("The measurements were saved."), open);
      if (answer === open) await vscode.commands.executeCommand("vscode.open", target);
    } catch (error) {
      void vscode.window.showErrorMessage(
        this.options.describe(error instanceof Error ? error : new Error(String(error))),
      );
    }
  }

  /** Markdown with a folder of pictures beside it, or everything as JSON, as the file's name ends. */
  private async saveAs(stored: StoredReport, target: vscode.Uri): Promise<void> {
    const { fs } = vscode.workspace;
    if (target.path.toLowerCase().endsWith(".json")) {
      await fs.writeFile(target, Buffer.from(reportJson(stored), "utf8"));
      return;
    }
    const folder = `${path.posix.basename(target.path).replace(/\.[^.]*$/, "")}-pictures`;
    const { text, pictures } = reportMarkdown(stored, folder);
    await fs.writeFile(target, Buffer.from(text, "utf8"));
    for (const [picture, svg] of pictures) {
      await fs.writeFile(vscode.Uri.joinPath(target, "..", picture), Buffer.from(svg, "utf8"));
    }
  }
}
