import * as vscode from "vscode";

/** Every command that package.json declares; a unit test holds the two together. */
export const commandIds = [
  "daylong.openChat",
  "daylong.newConversation",
  "daylong.openConversation",
  "daylong.renameConversation",
  "daylong.deleteConversation",
  "daylong.exportConversation",
  "daylong.importConversation",
  "daylong.deleteAllData",
  "daylong.stop",
  "daylong.find",
  "daylong.useDemoModel",
  "daylong.chooseModel",
  "daylong.restartEngine",
  "daylong.showMemory",
  "daylong.showLog",
  "daylong.acceptChange",
  "daylong.rejectChange",
  "daylong.addSelection",
  "daylong.addFile",
  "daylong.explain",
  "daylong.fixProblem",
  "daylong.askFollowUp",
  "daylong.stopExplanation",
  "daylong.copyExplanation",
  "daylong.sendExplanationToChat",
  "daylong.closeExplanation",
  "daylong.measureModel",
  "daylong.measureAgain",
  "daylong.stopMeasuring",
  "daylong.saveMeasurements",
] as const;

export type CommandId = (typeof commandIds)[number];

/** View ids, as package.json declares them. */
export const chatViewId = "daylong.chat";

/**
 * `argument`: what a menu of the workbench says it was opened on; undefined from the palette and from keys. `all`:
 * everything that is selected there.
 */
type CommandHandler = (argument: unknown, all: unknown) => unknown;

/** Registers all commands; none can be left out. */
export function registerCommands(handlers: Readonly<Record<CommandId, CommandHandler>>): vscode.Disposable {
  const register = (id: CommandId): vscode.Disposable =>
    vscode.commands.registerCommand(id, (argument: unknown, all: unknown) => handlers[id](argument, all));
  return vscode.Disposable.from(...commandIds.map(register));
}
