/** A piece of a prompt that stays or goes as a whole. */
export interface PromptText {
  readonly text: string;
  /** What has the lowest is cut first; {@link always} is never cut. */
  readonly priority: number;
  /** A heading or a fence: there as long as something else of its group is. */
  readonly frame?: boolean;
}

export interface PromptGroup {
  readonly children: readonly PromptNode[];
  /** Stands where neighbouring pieces were cut, so that the model does not take the rest for the whole. */
  readonly gap?: string;
}

export type PromptNode = PromptText | PromptGroup;

export const always = Infinity;

export interface FittedPrompt {
  readonly text: string;
  readonly tokens: number;
  /** False: what is never cut is larger than the limit by itself. */
  readonly fits: boolean;
  /** Priority of the most important piece that was cut; undefined: nothing was. */
  readonly cutUpTo: number | undefined;
}

/**
 * Cuts the least important pieces until the prompt is no longer than `limit` tokens.
 *
 * @param measure tokens of a text. Asking is slow (it is another process that knows), so few whole prompts are measured
 *   and the lengths of single pieces are estimated from them.
 */
export async function fitPrompt(
  root: PromptNode,
  limit: number,
  measure: (text: string) => Promise<number>,
): Promise<FittedPrompt> {
  const leaves = leavesOf(root);
  const kept = new Set(leaves);
  const candidates = leaves
    .filter((leaf) => leaf.frame !== true && leaf.priority !== always)
    .sort((left, right) => left.priority - right.priority);
  let cutUpTo: number | undefined;
  for (;;) {
    const text = render(root, kept);
    const tokens = await measure(text);
    if (tokens <= limit || candidates.length === 0) return { text, tokens, fits: tokens <= limit, cutUpTo };
    const tokensPerCharacter = tokens / Math.max(1, text.length);
    for (let over = tokens - limit; over > 0;) {
      const next = candidates.shift();
      if (next === undefined) break;
      kept.delete(next);
      cutUpTo = next.priority;
      over -= next.text.length * tokensPerCharacter;
    }
  }
}

export function renderPrompt(root: PromptNode): string {
  return render(root, new Set(leavesOf(root)));
}

function isGroup(node: PromptNode): node is PromptGroup {
  return "children" in node;
}

function leavesOf(node: PromptNode): PromptText[] {
  return isGroup(node) ? node.children.flatMap(leavesOf) : [node];
}

function render(node: PromptNode, kept: ReadonlySet<PromptText>): string {
  if (!isGroup(node)) return kept.has(node) ? node.text : "";
  if (!hasContent(node, kept)) return "";
  let text = "";
  let inGap = false;
  for (const child of node.children) {
    const isFrame = !isGroup(child) && child.frame === true;
    if (isFrame || hasContent(child, kept)) {
      text += render(child, kept);
      inGap = false;
    } else if (!inGap && node.gap !== undefined) {
      text += node.gap;
      inGap = true;
    }
  }
  return text;
}

function hasContent(node: PromptNode, kept: ReadonlySet<PromptText>): boolean {
  if (!isGroup(node)) return node.frame !== true && kept.has(node);
  return node.children.some((child) => hasContent(child, kept));
}
