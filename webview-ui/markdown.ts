import { Marked, type Tokens } from "marked";
import type { Block } from "./blocks.ts";
import { codeBlockHtml } from "./codeBlock.ts";
import { escapeHtml } from "./escapeHtml.ts";
import { sanitize } from "./sanitize.ts";

/** Elements without content or attributes that models use and that can do no harm; all other HTML is shown as text. */
const harmlessTag = /^<(\/?)(br|kbd|sub|sup)\s*\/?>$/i;

const marked = new Marked({
  gfm: true,
  renderer: {
    html({ text }: Tokens.HTML | Tokens.Tag) {
      const [, slash = "", name = ""] = harmlessTag.exec(text.trim()) ?? [];
      return name === "" ? escapeHtml(text) : `<${slash}${name.toLowerCase()}>`;
    },
    code({ text, lang }: Tokens.Code) {
      return codeBlockHtml(text, lang ?? "");
    },
    codespan({ text }: Tokens.Codespan) {
      return `<code dir="auto">${escapeHtml(text)}</code>`;
    },
    link({ href, title, tokens }: Tokens.Link) {
      return linkHtml(href, title, this.parser.parseInline(tokens));
    },
    image({ href, text }: Tokens.Image) {
      // Showing a picture would tell its server that this reply was read.
      return linkHtml(href, undefined, escapeHtml(text || href));
    },
    paragraph({ tokens }: Tokens.Paragraph) {
      return `<p dir="auto">${this.parser.parseInline(tokens)}</p>`;
    },
    heading({ tokens, depth }: Tokens.Heading) {
      // The view has headings of its own above these.
      return `<div class="heading heading-${depth}" role="heading" dir="auto">${this.parser.parseInline(tokens)}</div>`;
    },
    blockquote({ tokens }: Tokens.Blockquote) {
      return `<blockquote dir="auto">${this.parser.parse(tokens)}</blockquote>`;
    },
    listitem(item: Tokens.ListItem) {
      return `<li dir="auto"${item.task ? ' class="task"' : ""}>${this.parser.parse(item.tokens)}</li>`;
    },
    checkbox({ checked }: Tokens.Checkbox) {
      const label = checked ? "☑" : "☐";
      return `<span class="checkbox" role="img" aria-label="${label}"><i class="codicon codicon-${checked ? "check" : "blank"}" aria-hidden="true"></i></span> `;
    },
    table(token: Tokens.Table) {
      const row = (cells: readonly Tokens.TableCell[], tag: "th" | "td") =>
        `<tr>${cells
          .map(
            (cell) =>
              `<${tag} dir="auto"${cell.align === null ? "" : ` align="${cell.align}"`}>${this.parser.parseInline(cell.tokens)}</${tag}>`,
          )
          .join("")}</tr>`;
      const body = token.rows.map((cells) => row(cells, "td")).join("");
      return `<div class="table" tabindex="0"><table><thead>${row(token.header, "th")}</thead><tbody>${body}</tbody></table></div>`;
    },
  },
});

/** Addresses that may be opened; everything else (javascript:, data:, command:, file: …) is shown as plain text. */
const openable = /^(?:https?:\/\/|mailto:)/i;
/** A path within the workspace, with a line at the end perhaps; has no scheme and does not begin at a root. */
const workspacePath = /^(?:\.\/)?[\w@][\w@./ -]*\.\w+(?:(?:#L|:)\d+)?$/;

function linkHtml(href: string, title: string | null | undefined, content: string): string {
  if (!openable.test(href) && !workspacePath.test(href)) return content;
  const hint = escapeHtml(title ? `${title} (${href})` : href);
  return `<a role="link" tabindex="0" data-href="${escapeHtml(href)}" title="${hint}">${content}</a>`;
}

/** The drawing of one block. Whatever the block says, nothing in it can run or send a request. */
export function renderBlock(block: Block): DocumentFragment {
  return sanitize(blockHtml(block));
}

/** All blocks, each in an element of its own: the sanitiser works as long for one block as for many. */
export function renderBlocks(blocks: readonly Block[]): DocumentFragment {
  return sanitize(blocks.map((block) => `<div class="block">${blockHtml(block)}</div>`).join(""));
}

function blockHtml(block: Block): string {
  if (block.kind === "markdown") {
    try {
      return marked.parser([block.token]);
    } catch {
      // Nested too deeply for the renderer: shown as it is.
    }
  }
  return `<p class="plain" dir="auto">${escapeHtml(block.raw)}</p>`;
}
