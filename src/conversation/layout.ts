import type { ChatTemplate, TemplateMessage } from "./chatTemplate.ts";

/** A turn as the renderer sees it: ids of its contents, in order. */
export interface LayoutTurn {
  readonly turnId: string;
  readonly partIds: readonly string[];
  /** Undefined: not answered yet. */
  readonly replyId: string | undefined;
}

/** What should stand in the cache: template text, or a content by its id. */
export type LayoutItem =
  | { readonly type: "glue"; readonly text: string; readonly turnId: string | undefined }
  | { readonly type: "content"; readonly id: string; readonly turnId: string | undefined };

/** How the system prompt is given to the template. */
export type SystemPlacement = "role" | "firstUser";

export const systemId = "system";

/** Private-use characters: no template tests for them, none trims them, and no model was trained to print them. */
const placeholderPattern = /\uE000(\d+)\uE001/g;

/** Raised if a template does not print each message exactly once, in order. */
export class LayoutError extends Error {
  override readonly name = "LayoutError";
}

/**
 * Renders turns with the model's own template, one placeholder for each content, and cuts the text at the
 * placeholders. Where the template has no system role, or prints it elsewhere than at the beginning (Mistral-Nemo puts
 * it beside the last user message), the system prompt opens the first user turn that is kept.
 *
 * @throws LayoutError, or what the template raises
 */
export function renderLayout(
  template: ChatTemplate,
  placement: SystemPlacement,
  turns: readonly LayoutTurn[],
  addGenerationPrompt: boolean,
): LayoutItem[] {
  const contents: { id: string; turnId: string | undefined }[] = [];
  const placeholder = (id: string, turnId: string | undefined): string =>
    `\uE000${contents.push({ id, turnId }) - 1}\uE001`;

  const messages: TemplateMessage[] = [];
  let prefix = "";
  if (placement === "role") messages.push({ role: "system", content: placeholder(systemId, undefined) });
  else prefix = `${placeholder(systemId, undefined)}\n\n`;
  for (const turn of turns) {
    const parts = turn.partIds.map((id) => placeholder(id, turn.turnId)).join("");
    messages.push({ role: "user", content: prefix + parts });
    prefix = "";
    if (turn.replyId !== undefined) {
      messages.push({ role: "assistant", content: placeholder(turn.replyId, turn.turnId) });
    }
  }
  return cut(template.render(messages, addGenerationPrompt), contents);
}

function cut(text: string, contents: readonly { id: string; turnId: string | undefined }[]): LayoutItem[] {
  const items: LayoutItem[] = [];
  let position = 0;
  let expected = 0;
  const glue = (end: number, turnId: string | undefined): void => {
    if (end > position) items.push({ type: "glue", text: text.slice(position, end), turnId });
  };
  for (const match of text.matchAll(placeholderPattern)) {
    const content = contents[expected];
    if (content === undefined || Number(match[1]) !== expected) {
      throw new LayoutError("the template prints messages out of order or more than once");
    }
    glue(match.index, content.turnId);
    items.push({ type: "content", id: content.id, turnId: content.turnId });
    position = match.index + match[0].length;
    expected++;
  }
  if (expected !== contents.length) throw new LayoutError("the template leaves out a message");
  glue(text.length, contents.at(-1)?.turnId);
  return items;
}
