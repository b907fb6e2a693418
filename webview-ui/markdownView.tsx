import { useLayoutEffect, useRef } from "preact/hooks";
import { type Block, BlockSplitter, splitBlocks } from "./blocks.ts";
import { renderBlock, renderBlocks } from "./markdown.ts";
import { morphChildren } from "./morph.ts";
import { renderUserText } from "./userText.ts";

const linkDefinition = /^ {0,3}\[[^\]\n]+\]:/m;

export interface MarkdownViewProps {
  readonly source: string;
  /** More text is coming. */
  readonly streaming: boolean;
}

/** A reply, drawn block by block: while it streams, only blocks whose text has changed are drawn again. */
export function MarkdownView({ source, streaming }: MarkdownViewProps) {
  const container = useRef<HTMLDivElement>(null);
  const splitter = useRef<BlockSplitter>(undefined);
  const drawn = useRef<readonly Block[]>([]);

  useLayoutEffect(() => {
    if (container.current === null) return;
    splitter.current ??= new BlockSplitter();
    const blocks = streaming ? splitter.current.update(source) : splitBlocks(source);
    // A link may point to an address that came further down: only now is it known.
    const before = !streaming && linkDefinition.test(source) ? [] : drawn.current;
    drawBlocks(container.current, before, blocks);
    drawn.current = blocks;
  }, [source, streaming]);

  return <div ref={container} class={streaming ? "markdown is-streaming" : "markdown"} />;
}

function drawBlocks(container: HTMLElement, before: readonly Block[], blocks: readonly Block[]): void {
  if (before.length === 0) {
    container.replaceChildren(renderBlocks(blocks));
    return;
  }
  for (const [index, block] of blocks.entries()) {
    const same = before[index];
    if (same?.kind === block.kind && same.raw === block.raw) continue;
    let element = container.children[index];
    if (element === undefined) {
      element = document.createElement("div");
      element.className = "block";
      container.append(element);
    }
    morphChildren(element, renderBlock(block));
  }
  while (container.children.length > blocks.length) container.lastElementChild?.remove();
}

/** What the user wrote. */
export function UserTextView({ source }: { readonly source: string }) {
  const container = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    container.current?.replaceChildren(renderUserText(source));
  }, [source]);
  return <div ref={container} class="markdown" />;
}
