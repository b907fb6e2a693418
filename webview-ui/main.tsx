import { render } from "preact";
import type { ChatState } from "../src/messages/chatMessages.ts";
import { App } from "./app.tsx";
import { receive } from "./store.ts";
import { send } from "./vscodeApi.ts";
import "@vscode/codicons/dist/codicon.css";
import "./styles/chat.css";

window.addEventListener("message", (event: MessageEvent<ChatState>) => receive(event.data));

const root = document.getElementById("root");
if (root !== null) render(<App />, root);
send({ type: "ready" });
