import { useLayoutEffect, useRef } from "preact/hooks";
import type { CompletionItem } from "../src/messages/chatMessages.ts";
import { Icon } from "./icon.tsx";
import { text } from "./text.ts";

export const completionListId = "composer-suggestions";

export function optionId(index: number): string {
  return `${completionListId}-${index}`;
}

export interface CompletionListProps {
  readonly items: readonly CompletionItem[];
  readonly selected: number;
  readonly onChoose: (item: CompletionItem) => void;
  readonly onHover: (index: number) => void;
}

/** What can be put in the place of a typed `/` or `@`. The focus stays in the input, which names the chosen row. */
export function CompletionList({ items, selected, onChoose, onHover }: CompletionListProps) {
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [selected, items]);
  return (
    <div class="completions" data-testid="completions">
      <div ref={list} role="listbox" id={completionListId} aria-label={text("suggestions")}>
        {items.map((item, index) => (
          <div
            key={item.id}
            id={optionId(index)}
            class="completion"
            role="option"
            aria-selected={index === selected}
            // The input must keep the focus.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => onChoose(item)}
            onMouseMove={() => onHover(index)}
          >
            <Icon name={item.icon} />
            <span class="completion-label">
              <Marked label={item.label} marks={item.marks} />
            </span>
            <span class="completion-detail">{item.detail}</span>
          </div>
        ))}
        {items.length === 0 ? (
          <div class="completion is-empty" role="option" aria-disabled="true" aria-selected="false">
            {text("suggestionsNone")}
          </div>
        ) : null}
      </div>
      <span class="visually-hidden" role="status">
        {items.length === 0 ? text("suggestionsNone") : text("suggestionsCount", String(items.length))}
      </span>
    </div>
  );
}

function Marked({ label, marks }: { readonly label: string; readonly marks: readonly number[] }) {
  const pieces: { text: string; marked: boolean }[] = [];
  for (let place = 0; place < label.length; place += 1) {
    const marked = marks.includes(place);
    const last = pieces.at(-1);
    if (last?.marked === marked) last.text += label[place] ?? "";
    else pieces.push({ text: label[place] ?? "", marked });
  }
  return <>{pieces.map(({ text: piece, marked }, index) => (marked ? <b key={index}>{piece}</b> : piece))}</>;
}
