const { commands } = require("vscode");

// Daylong itself starts nothing by itself: a window with it costs nothing until the chat is opened.
exports.activate = async function activate() {
  await commands.executeCommand("daylong.openChat");
  await commands.executeCommand("daylong.useDemoModel");
};
