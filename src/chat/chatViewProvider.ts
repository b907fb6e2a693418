import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { ChatController } from "./chatController.ts";
import { chatPage } from "./html.ts";
import { parseIntent } from "./intents.ts";

/** Shows the controller's conversation in a webview, and forgets everything about it when the webview goes. */
export class ChatViewProvider implements vscode.WebviewViewProvider {
  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly controller: ChatController,
    private readonly log: (line: string) => void,
  ) {}

  resolveWebviewView(view: vscode.WebviewView): void {
    const { webview } = view;
    const dist = vscode.Uri.joinPath(this.extensionUri, "dist");
    webview.options = { enableScripts: true, localResourceRoots: [dist] };
    const attached = this.controller.attach((message) => {
      void webview.postMessage(message);
    });
    const listening = webview.onDidReceiveMessage((message: unknown) => {
      const intent = parseIntent(message);
      if (intent === undefined) this.log("A message from the chat view was refused: it is none that the view sends.");
      else void this.controller.receive(intent);
    });
    view.onDidDispose(() => {
      attached.dispose();
      listening.dispose();
    });
    webview.html = chatPage({
      source: webview.cspSource,
      script: webview.asWebviewUri(vscode.Uri.joinPath(dist, "chat.js")).toString(),
      style: webview.asWebviewUri(vscode.Uri.joinPath(dist, "chat.css")).toString(),
      nonce: randomBytes(16).toString("hex"),
      language: vscode.env.language,
      title: "Daylong",
    });
  }
}
