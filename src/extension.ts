import * as vscode from "vscode";
import { toErrorData } from "./base/errors.ts";
import { attachHandlers } from "./attachments/attachCommands.ts";
import { WorkspaceAttachments } from "./attachments/workspaceAttachments.ts";
import { ChatController } from "./chat/chatController.ts";
import type { ChatHost } from "./chat/chatHost.ts";
import { ChatViewProvider } from "./chat/chatViewProvider.ts";
import { confirmNewConversation, showKeeperNotice } from "./chat/conversationCommands.ts";
import { conversationHandlers } from "./chat/conversationHandlers.ts";
import { chosenModelOf } from "./chat/engineOptions.ts";
import { ConversationKeeper } from "./chat/conversationKeeper.ts";
import { DraftStore } from "./chat/draftStore.ts";
import { EditorActions, openLink } from "./chat/editorActions.ts";
import { MemoryDocuments } from "./chat/memoryDocuments.ts";
import { StatusBar } from "./chat/statusBar.ts";
import { chatViewId, registerCommands, type CommandId } from "./commands.ts";
import { chatSettings, onDidChangeSettings, storageLimit, storeModelPath } from "./config.ts";
import { EngineClient } from "./engine/engineClient.ts";
import { ExplainCommands } from "./explain/explainCommands.ts";
import type { ExplanationThreads } from "./explain/explanationThreads.ts";
import { createLog, type Log } from "./log.ts";
import { ModelMeasurements } from "./measure/modelMeasurements.ts";

/** What `activate` hands to other extensions, and to the tests. */
export interface DaylongApi {
  readonly controller: ChatController;
  readonly keeper: ConversationKeeper;
  readonly explanations: ExplanationThreads;
  readonly measurements: ModelMeasurements;
}

/** What has to be on disk before the window goes. */
let closing: (() => Promise<void>) | undefined;

/** Builds the parts and wires them. Starts no process and reads no model: that happens with the first words. */
export function activate(context: vscode.ExtensionContext): DaylongApi {
  const log = createLog();
  const engine = new EngineClient({
    enginePath: vscode.Uri.joinPath(context.extensionUri, "dist", "engine.mjs").fsPath,
    log: (line) => log.line(line),
    loadDefaults: { storagePath: context.globalStorageUri.fsPath },
  });
  const demoModelPath = vscode.Uri.joinPath(context.extensionUri, "media", "demo", "tiny-chat.q8_0.gguf").fsPath;
  const editorActions = new EditorActions();
  const attachable = new WorkspaceAttachments();
  const keeper = conversationKeeper(context, log, () => controller.modelName);
  const controller: ChatController = new ChatController({
    engine,
    host: chatHost(log, editorActions, context.globalState),
    demoModelPath,
    workspace: attachable,
    drafts: new DraftStore(context.workspaceState),
    explain: (message) => explain.explainFromChat(message),
    exportConversation: async () => vscode.commands.executeCommand("daylong.exportConversation" satisfies CommandId),
    keeper,
  });
  void keeper.open(controller);
  closing = () => keeper.close();
  const openChat = () => vscode.commands.executeCommand(`${chatViewId}.focus`);
  const describe = (error: unknown) => controller.describe(toErrorData(error)).message;
  const explain: ExplainCommands = new ExplainCommands({
    side: controller.sideQuestions,
    describe,
    chooseModel: () => controller.receive({ type: "chooseModel" }),
    useDemoModel: () => controller.receive({ type: "useDemoModel" }),
    keep: (question, answer) => controller.sideQuestions.keep(question, answer),
    showChat: openChat,
    log: (line) => log.line(line),
  });

  const measurements = new ModelMeasurements({
    labPath: vscode.Uri.joinPath(context.extensionUri, "dist", "lab.mjs").fsPath,
    icon: vscode.Uri.joinPath(context.extensionUri, "media", "icon.png"),
    folder: vscode.Uri.joinPath(context.globalStorageUri, "measurements").fsPath,
    modelPath: () => {
      const choice = chosenModelOf(chatSettings(), context.globalState.get(prefersDemoKey, false));
      return choice.kind === "demo" ? demoModelPath : choice.kind === "file" ? choice.path : undefined;
    },
    chooseModel: () => controller.receive({ type: "chooseModel" }),
    useDemoModel: () => controller.receive({ type: "useDemoModel" }),
    describe,
    log: (line) => log.line(line),
  });

  const { onDidChange } = controller;
  const memory = new MemoryDocuments({
    windowText: () => controller.windowText(),
    turns: () => controller.turns,
    onDidChange,
    log: (line) => log.line(line),
  });

  context.subscriptions.push(
    log,
    memory,
    new StatusBar({ status: () => controller.status, onDidChange }),
    engine,
    editorActions,
    attachable,
    controller,
    explain,
    measurements,
    vscode.window.registerWebviewViewProvider(
      chatViewId,
      new ChatViewProvider(context.extensionUri, controller, (line) => log.line(line)),
    ),
    onDidChangeSettings((isOtherModel) => void controller.settingsChanged(isOtherModel)),
    registerCommands({
      ...explain.handlers,
      ...measurements.handlers,
      ...attachHandlers(attachable, async (sources) => {
        await openChat();
        controller.focusView("composer");
        await controller.composer.attach(sources);
      }),
      ...conversationHandlers({
        keeper,
        describe,
        startNew: () => controller.startNew(),
        newConversation: () => controller.receive({ type: "newConversation" }),
        isEmpty: () => controller.turns.length === 0,
        showChat: openChat,
        limitBytes: storageLimit,
        globalFolder: context.globalStorageUri.fsPath,
      }),
      "daylong.openChat": async () => {
        await openChat();
        controller.focusView("composer");
      },
      "daylong.find": async () => {
        await openChat();
        controller.focusView("find");
      },
      "daylong.newConversation": () => controller.receive({ type: "newConversation" }),
      "daylong.stop": () => controller.receive({ type: "stop" }),
      "daylong.useDemoModel": () => controller.receive({ type: "useDemoModel" }),
      "daylong.chooseModel": () => controller.receive({ type: "chooseModel" }),
      "daylong.restartEngine": () => controller.receive({ type: "restartEngine" }),
      "daylong.showMemory": () => memory.show(),
      "daylong.showLog": () => log.show(),
      "daylong.acceptChange": () => editorActions.accept(),
      "daylong.rejectChange": () => editorActions.reject(),
    }),
  );

  return { controller, keeper, explanations: explain.threads, measurements };
}

export async function deactivate(): Promise<void> {
  await closing?.();
}

function conversationKeeper(
  { globalStorageUri }: vscode.ExtensionContext,
  log: Log,
  model: () => string,
): ConversationKeeper {
  const { workspaceFile, workspaceFolders } = vscode.workspace;
  return new ConversationKeeper({
    globalFolder: globalStorageUri.fsPath,
    workspace: (workspaceFile ?? workspaceFolders?.[0]?.uri)?.toString() ?? "",
    limitBytes: storageLimit,
    turnSettings: () => {
      const { contextSize, systemPrompt, temperature, sampling, maxTokens } = chatSettings();
      return { model: model(), contextSize, systemPrompt, temperature, sampling, maxTokens };
    },
    say: showKeeperNotice,
    log: (line) => log.line(line),
  });
}

/** In the state that outlives the window. */
const prefersDemoKey = "prefersDemoModel";

function chatHost(log: Log, editorActions: EditorActions, state: vscode.Memento): ChatHost {
  return {
    get prefersDemo() {
      return state.get(prefersDemoKey, false);
    },
    set prefersDemo(prefers: boolean) {
      void state.update(prefersDemoKey, prefers ? true : undefined);
    },
    language: vscode.env.language,
    settings: chatSettings,
    translate: (message, ...values) => vscode.l10n.t(message, ...values),
    pickModelFile,
    confirmNewConversation,
    copyText: async (text) => vscode.env.clipboard.writeText(text),
    useCode: (use) => editorActions.use(use),
    openLink,
    showMemory: async () => vscode.commands.executeCommand("daylong.showMemory" satisfies CommandId),
    showLog: () => log.show(),
    log: (line) => log.line(line),
  };
}

async function pickModelFile(): Promise<string | undefined> {
  const [file] =
    (await vscode.window.showOpenDialog({
      title: vscode.l10n.t("Choose a model file"),
      openLabel: vscode.l10n.t("Use this model"),
      filters: { [vscode.l10n.t("GGUF models")]: ["gguf"] },
    })) ?? [];
  if (file === undefined) return undefined;
  await storeModelPath(file.fsPath);
  return file.fsPath;
}
