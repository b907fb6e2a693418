import { codeBlockHtml } from "./codeBlock.ts";
import { escapeHtml } from "./escapeHtml.ts";
import { sanitize } from "./sanitize.ts";

const fence = /^(`{3,}|~{3,})([^\n]*)\n([\s\S]*?)(?:\n\1[ \t]*(?:\n|$)|$(?![\s\S]))/m;

/** What the user wrote, as written; only code between backticks is set off. A `#` or a `*` of theirs stays one. */
export function renderUserText(source: string): DocumentFragment {
  let html = "";
  let rest = source.replace(/\r\n?/g, "\n");
  for (let match = fence.exec(rest); match !== null; match = fence.exec(rest)) {
    const [whole, , info = "", code = ""] = match;
    html += plainHtml(rest.slice(0, match.index)) + codeBlockHtml(code, info);
    rest = rest.slice(match.index + whole.length);
  }
  return sanitize(html + plainHtml(rest));
}

function plainHtml(text: string): string {
  const trimmed = text.trimEnd().replace(/^\n+/, "");
  if (trimmed === "") return "";
  const pieces = trimmed.split(/`([^`\n]+)`/);
  const html = pieces.map((piece, index) =>
    index % 2 === 1 ? `<code dir="auto">${escapeHtml(piece)}</code>` : escapeHtml(piece),
  );
  return `<p class="plain" dir="auto">${html.join("")}</p>`;
}
