import type { CostView } from "../src/messages/chatMessages.ts";
import { Icon } from "./icon.tsx";
import { composer } from "./store.ts";
import { formatNumber, text } from "./text.ts";

export const costLineId = "composer-cost";

/** What the message would cost and make the model forget. Its place is kept, so that nothing moves when it appears. */
export function CostLine() {
  const { cost } = composer.value;
  const isWarning = cost !== null && cost.omitted > 0;
  return (
    <div class={`cost ${isWarning ? "is-warning" : ""}`} id={costLineId} data-testid="cost">
      {cost === null ? null : (
        <>
          <Icon name={isWarning ? "warning" : "info"} />
          <span>{wordsFor(cost)}</span>
        </>
      )}
    </div>
  );
}

function wordsFor({ tokens, forgets, forgetsAttachments, omitted }: CostView): string {
  const size = tokens === 1 ? text("costToken") : text("costTokens", formatNumber(tokens));
  const turns = forgets === 1 ? text("costForgetsTurn") : text("costForgetsTurns", formatNumber(forgets));
  const parts = [
    size,
    ...(forgets > 0 ? [turns] : []),
    ...(forgetsAttachments > 0 ? [text("costForgetsAttachments")] : []),
    ...(forgets + forgetsAttachments === 0 ? [text("costForgetsNothing")] : []),
    ...(omitted > 0 ? [text("costOmitted", formatNumber(omitted))] : []),
  ];
  return parts.join(" · ");
}
