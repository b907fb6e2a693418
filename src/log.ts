import * as vscode from "vscode";

export interface Log {
  dispose(): void;
  line(text: string): void;
  show(): void;
}

/** The log that "Daylong: Show Log" opens. */
export function createLog(): Log {
  const channel = vscode.window.createOutputChannel("Daylong", { log: true });
  return {
    line: (text) => channel.info(text),
    show: () => channel.show(),
    dispose: () => channel.dispose(),
  };
}
