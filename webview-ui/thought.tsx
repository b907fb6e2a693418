import { useSignal } from "@preact/signals";
import type { TurnView } from "../src/messages/chatMessages.ts";
import { Icon } from "./icon.tsx";
import { MarkdownView } from "./markdownView.tsx";
import { formatDuration, text } from "./text.ts";

export interface ThoughtProps {
  readonly turn: TurnView;
  /** A match of the search is inside. */
  readonly forceOpen: boolean;
}

/** What the model thought before it answered: folded, with its time. */
export function Thought({ turn, forceOpen }: ThoughtProps) {
  const opened = useSignal(false);
  const thinking = turn.status === "streaming" && turn.reply === "";
  const open = opened.value || forceOpen;
  const label = thinking
    ? text("thinking")
    : turn.thoughtMs > 0
      ? text("thoughtFor", formatDuration(turn.thoughtMs))
      : text("thoughtTokens");
  return (
    <div class="thought">
      <button
        type="button"
        class="thought-toggle"
        aria-expanded={open}
        onClick={() => {
          opened.value = !open;
        }}
      >
        <Icon name={open ? "chevron-down" : "chevron-right"} />
        <span class={thinking ? "is-working" : ""}>{label}</span>
      </button>
      {open ? (
        <div class="thought-text" data-part="thought">
          <MarkdownView source={turn.thought} streaming={thinking} />
        </div>
      ) : null}
    </div>
  );
}
