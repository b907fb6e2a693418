import { reprocessReasons, type CountersView, type ReprocessReason } from "../src/messages/chatMessages.ts";
import type { ViewStringKey } from "../src/messages/viewStrings.ts";
import { IconButton } from "./icon.tsx";
import { Ribbon } from "./ribbon.tsx";
import { counters, turns } from "./store.ts";
import { formatNumber, formatShort, formatSpeed, text } from "./text.ts";
import { send } from "./vscodeApi.ts";

const reasonTexts: Readonly<Record<ReprocessReason, ViewStringKey>> = {
  regenerate: "reasonRegenerate",
  continueReply: "reasonContinueReply",
  editLast: "reasonEditLast",
  recompute: "reasonRecompute",
  saving: "reasonSaving",
};

/** What the model's window holds, and what the day has used. */
export function MemoryHeader() {
  const { windowTokens, windowSize, shifts, reprocessedTokens, tokens } = counters.value;
  return (
    <header
      class="memory"
      data-testid="counters"
      data-window-tokens={windowTokens}
      data-window-size={windowSize}
      data-shifts={shifts}
      data-reprocessed={reprocessedTokens}
      data-tokens-today={tokens}
    >
      {windowSize === 0 ? null : (
        <div class="ribbon-row">
          <Ribbon />
          <IconButton
            icon="eye"
            testId="show-memory"
            label={text("showMemory")}
            onClick={() => send({ type: "showMemory" })}
          />
        </div>
      )}
      <Meter counters={counters.value} />
    </header>
  );
}

function Meter({ counters: { windowTokens, windowSize, shifts, tokens, restoredTokens, ...rest } }: MeterProps) {
  const speed = turns.value.findLast((turn) => turn.tokensPerSecond > 0)?.tokensPerSecond;
  const hint = restoredTokens === 0 ? "" : ` ${text("tokensTodayRestored", formatNumber(restoredTokens))}`;
  return (
    <div class="meter">
      {windowSize === 0 ? null : (
        <span title={text("windowTokens")}>
          <b>{formatNumber(windowTokens)}</b> / {formatNumber(windowSize)}
        </span>
      )}
      <span title={text("shiftsHint")}>{text(shifts === 1 ? "shiftOne" : "shiftOther", formatNumber(shifts))}</span>
      <Reprocessed reprocessedTokens={rest.reprocessedTokens} reprocessed={rest.reprocessed} />
      <span title={text("tokensTodayHint", formatNumber(tokens)) + hint}>
        {text("tokensToday", formatShort(tokens))}
      </span>
      <span class="space" />
      {speed === undefined ? null : (
        <span class="speed" title={text("speedHint")}>
          {formatSpeed(speed)}
        </span>
      )}
    </div>
  );
}

interface MeterProps {
  readonly counters: CountersView;
}

/** 0, or how many and why. */
function Reprocessed({ reprocessedTokens, reprocessed }: Pick<CountersView, "reprocessedTokens" | "reprocessed">) {
  const reasons = reprocessReasons.flatMap((reason) => {
    const count = reprocessed[reason] ?? 0;
    return count === 0 ? [] : [text(reasonTexts[reason], formatNumber(count))];
  });
  const why = reasons.join(", ");
  return (
    <span
      class={(reprocessed.recompute ?? 0) > 0 ? "is-warning" : ""}
      data-testid="reprocessed"
      title={[text("reprocessedHint"), why].filter((part) => part !== "").join(" ")}
    >
      {text("reprocessed", formatNumber(reprocessedTokens))}
      {why === "" ? null : <span class="why"> ({why})</span>}
    </span>
  );
}
