import type { SpanView } from "../src/messages/chatMessages.ts";
import type { ViewStringKey } from "../src/messages/viewStrings.ts";
import { counters, spans, turns } from "./store.ts";
import { formatNumber, formatSpeed, text } from "./text.ts";

const spanTexts: Readonly<Record<SpanView["kind"], ViewStringKey>> = {
  head: "spanHead",
  pinned: "spanPinned",
  turn: "spanTurn",
  live: "spanLive",
  detour: "spanDetour",
  ahead: "spanAhead",
};

/** What the model's window holds, drawn to scale: head, pinned turns, turns, what is being written, free. */
function Ribbon() {
  const { windowTokens, windowSize, shifts, reprocessedTokens } = counters.value;
  const label =
    windowSize === 0
      ? text("memoryEmpty")
      : text("memoryLabel", ...[windowTokens, windowSize, shifts, reprocessedTokens].map(formatNumber));
  return (
    <div class="ribbon" role="img" aria-label={label}>
      {spans.value.map((span, index) => (
        <i
          key={`${index}.${span.turnId ?? span.kind}`}
          class={`span-${span.kind}`}
          style={{ flexBasis: `${windowSize === 0 ? 0 : (100 * span.tokens) / windowSize}%` }}
          title={text(spanTexts[span.kind], formatNumber(span.tokens))}
        />
      ))}
    </div>
  );
}

export function MemoryHeader() {
  const { windowTokens, windowSize, shifts, reprocessedTokens } = counters.value;
  const speed = turns.value.findLast((turn) => turn.tokensPerSecond > 0)?.tokensPerSecond;
  return (
    <header
      class="memory"
      data-testid="counters"
      data-window-tokens={windowTokens}
      data-window-size={windowSize}
      data-shifts={shifts}
      data-reprocessed={reprocessedTokens}
    >
      <Ribbon />
      <div class="meter">
        <span title={text("windowTokens")}>
          <b>{formatNumber(windowTokens)}</b> / {formatNumber(windowSize)}
        </span>
        <span title={text("shiftsHint")}>{text(shifts === 1 ? "shiftOne" : "shiftOther", formatNumber(shifts))}</span>
        <span class={reprocessedTokens === 0 ? "" : "is-warning"} title={text("reprocessedHint")}>
          {text("reprocessed", formatNumber(reprocessedTokens))}
        </span>
        <span class="space" />
        {speed === undefined ? null : <span class="speed">{formatSpeed(speed)}</span>}
      </div>
    </header>
  );
}
