import { useMemo } from "preact/hooks";
import type { TurnView } from "../src/messages/chatMessages.ts";
import { ReplyMessage } from "./replyMessage.tsx";
import { formatNumber, formatTime, text } from "./text.ts";
import { UserMessage } from "./userMessage.tsx";

export interface TurnRowProps {
  readonly turn: TurnView;
  readonly index: number;
  readonly count: number;
  readonly busy: boolean;
  /** The model's memory begins here. */
  readonly isEdge: boolean;
  readonly editing: boolean;
  /** The current match of the search is in this turn's thought. */
  readonly findInThought: boolean;
  /** The row that the tab key reaches. */
  readonly isTabStop: boolean;
}

/** One turn: what the user said, and the reply. Drawn anew only when something about it has changed. */
export function TurnRow(props: TurnRowProps) {
  const { turn, index, count, busy, isEdge, editing, findInThought, isTabStop } = props;
  const isLast = index === count - 1;
  // Only the last turn's buttons depend on whether a reply runs… and those of all turns that need a quiet engine.
  return useMemo(() => {
    const label = turn.remembered ? "turnLabel" : "turnLabelForgotten";
    return (
      <article
        class={turn.remembered ? "turn" : "turn is-forgotten"}
        data-testid="turn"
        data-id={turn.id}
        data-status={turn.status}
        data-remembered={turn.remembered}
        data-pinned={turn.pinned}
        tabIndex={isTabStop ? 0 : -1}
        aria-posinset={index + 1}
        aria-setsize={count}
        aria-label={text(label, formatNumber(index + 1), formatNumber(count))}
        aria-busy={isLast && busy}
      >
        {isEdge ? (
          <div
            class="edge"
            data-testid="memory-edge"
            role="separator"
            aria-label={text("memoryEdge", formatTime(turn.sentAt))}
          >
            <span>{text("memoryEdge", formatTime(turn.sentAt))}</span>
          </div>
        ) : null}
        <UserMessage turn={turn} isLast={isLast} busy={busy} editing={editing} />
        <ReplyMessage turn={turn} isLast={isLast} busy={busy} findInThought={findInThought} />
      </article>
    );
  }, [turn, index, count, busy, isEdge, editing, findInThought, isTabStop, isLast]);
}
