import type { CodeAction } from "../src/messages/chatMessages.ts";
import type { ViewStringKey } from "../src/messages/viewStrings.ts";
import { parseCodeInfo } from "./codeInfo.ts";
import { escapeHtml } from "./escapeHtml.ts";
import { highlight } from "./highlight.ts";
import { text } from "./text.ts";
import { send } from "./vscodeApi.ts";

const actions: readonly { readonly action: CodeAction; readonly icon: string; readonly label: ViewStringKey }[] = [
  { action: "copy", icon: "copy", label: "codeCopy" },
  { action: "insert", icon: "insert", label: "codeInsert" },
  { action: "apply", icon: "git-compare", label: "codeApply" },
  { action: "newFile", icon: "new-file", label: "codeNewFile" },
];

/** HTML of a code block with its header. `info` is what stands behind the three backticks. */
export function codeBlockHtml(code: string, info: string): string {
  const { language, fileName } = parseCodeInfo(info);
  const name = fileName || language || text("codePlain");
  const buttons = actions.map(({ action, icon, label }) => {
    const title = escapeHtml(text(label));
    return `<button type="button" class="icon-button" data-action="${action}" title="${title}" aria-label="${title}"><i class="codicon codicon-${icon}" aria-hidden="true"></i></button>`;
  });
  return [
    `<div class="code-block" role="group" aria-label="${escapeHtml(text("codeLabel", name))}"`,
    ` data-language="${escapeHtml(language)}" data-file="${escapeHtml(fileName)}">`,
    `<div class="code-header"><span class="code-name" dir="ltr">${escapeHtml(name)}</span>${buttons.join("")}</div>`,
    `<pre dir="ltr" tabindex="0"><code>${highlight(code, language) ?? escapeHtml(code)}</code></pre></div>`,
  ].join("");
}

/** Does what a button of a code block says, if the click was on one. */
export function handleCodeClick(target: Element): boolean {
  const button = target.closest("[data-action]");
  const block = button?.closest<HTMLElement>(".code-block");
  const wanted = actions.find(({ action }) => action === button?.getAttribute("data-action"));
  if (button === null || block === null || block === undefined || wanted === undefined) return false;
  const code = block.querySelector("pre code")?.textContent ?? "";
  const { language = "", file = "" } = block.dataset;
  send({ type: "code", action: wanted.action, code, language, fileName: file });
  if (wanted.action === "copy") flash(button);
  return true;
}

/** Milliseconds for which a copy button shows that it has done its work. */
const flashMs = 1500;

function flash(button: Element): void {
  button.classList.add("is-done");
  setTimeout(() => button.classList.remove("is-done"), flashMs);
}
