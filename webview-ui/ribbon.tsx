import { useSignal } from "@preact/signals";
import type { TargetedKeyboardEvent } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { TurnView } from "../src/messages/chatMessages.ts";
import type { ViewStringKey } from "../src/messages/viewStrings.ts";
import { goToTurn } from "./goToTurn.ts";
import { ribbonSpans, type RibbonSpan } from "./ribbonSpans.ts";
import { counters, spans, turns } from "./store.ts";
import { formatAge, formatNumber, text } from "./text.ts";
import { send } from "./vscodeApi.ts";

const spanTexts: Readonly<Record<RibbonSpan["kind"], ViewStringKey>> = {
  head: "spanHead",
  pinned: "spanPinned",
  turn: "spanTurn",
  live: "spanLive",
  detour: "spanDetour",
  ahead: "spanAhead",
  free: "spanFree",
};

/** Longest beginning of a message that is shown, in characters. */
const wordsLength = 80;

/** What the model's window holds, drawn to scale: head, pinned turns, turns, what is being written, free. */
export function Ribbon() {
  const bar = useRef<HTMLDivElement>(null);
  const width = useSignal(0);
  /** The span under the pointer, or the one with the focus. */
  const shown = useSignal<string | undefined>(undefined);
  const tabStop = useSignal<string | undefined>(undefined);
  useLayoutEffect(() => {
    if (bar.current === null) return;
    const observer = new ResizeObserver(([entry]) => {
      width.value = entry?.contentRect.width ?? 0;
    });
    observer.observe(bar.current);
    return () => observer.disconnect();
  }, [width]);

  const { windowTokens, windowSize, shifts, reprocessedTokens } = counters.value;
  const drawn = ribbonSpans(spans.value, windowSize, width.value);
  const stop = drawn.find(({ key }) => key === tabStop.value) ?? drawn[0];
  const tip = drawn.find(({ key }) => key === shown.value);
  const label = text("memoryLabel", ...[windowTokens, windowSize, shifts, reprocessedTokens].map(formatNumber));
  return (
    <div class="ribbon-box">
      <div
        ref={bar}
        class="ribbon"
        role="toolbar"
        aria-label={label}
        data-testid="ribbon"
        onMouseLeave={() => (shown.value = undefined)}
        onFocusOut={() => (shown.value = undefined)}
        onKeyDown={(event) => onKeyDown(event, () => (shown.value = undefined))}
      >
        {drawn.map((span) => (
          <Span
            key={span.key}
            span={span}
            isTabStop={span === stop}
            onShow={() => (shown.value = span.key)}
            onFocus={() => {
              tabStop.value = span.key;
              shown.value = span.key;
            }}
          />
        ))}
      </div>
      {tip === undefined ? null : <Tip span={tip} />}
    </div>
  );
}

interface SpanProps {
  readonly span: RibbonSpan;
  readonly isTabStop: boolean;
  readonly onShow: () => void;
  readonly onFocus: () => void;
}

function Span({ span, isTabStop, onShow, onFocus }: SpanProps) {
  const { kind, turnId, tokens, size, separated, shade } = span;
  const [title, words, detail] = describe(span);
  const classes = [`span-${kind}`, `shade-${shade}`, ...(separated ? ["is-separated"] : [])];
  return (
    <button
      type="button"
      class={classes.join(" ")}
      style={{ flexBasis: `${100 * size}%` }}
      tabIndex={isTabStop ? 0 : -1}
      aria-label={[words === "" ? title : `${title}: ${words}`, detail].join(". ")}
      aria-disabled={kind === "free" || undefined}
      data-kind={kind}
      data-turn={turnId}
      data-tokens={tokens}
      onMouseEnter={onShow}
      onFocus={onFocus}
      onClick={() => {
        if (kind === "head") send({ type: "showMemory" });
        else if (turnId !== undefined) goToTurn(turnId);
      }}
    />
  );
}

/** Says it to the eye; a screen reader hears the same from the span itself. */
function Tip({ span }: { readonly span: RibbonSpan }) {
  const [title, words, detail] = describe(span);
  const hint = span.kind === "head" ? "spanHintHead" : span.turnId === undefined ? undefined : "spanHintTurn";
  return (
    <div class="ribbon-tip" data-testid="ribbon-tip" aria-hidden="true" style={{ "--at": span.start + span.size / 2 }}>
      <b>{title}</b>
      {words === "" ? null : <span class="words">{words}</span>}
      <span>{detail}</span>
      {hint === undefined ? null : <span class="hint">{text(hint)}</span>}
    </div>
  );
}

/** What it is, the first words of its turn (empty: it has none here), and its tokens and age. */
function describe({ kind, turnId, tokens }: RibbonSpan): readonly [string, string, string] {
  const turn = turnId === undefined ? undefined : turns.value.findLast(({ id }) => id === turnId);
  const detail = text("spanTokens", formatNumber(tokens));
  return [
    text(spanTexts[kind]),
    turn === undefined ? "" : firstWords(turn),
    turn === undefined ? detail : `${detail} · ${formatAge(turn.sentAt)}`,
  ];
}

function firstWords({ user }: TurnView): string {
  const line = user.trim().replace(/\s+/g, " ");
  return line.length > wordsLength ? `${line.slice(0, wordsLength).trimEnd()}…` : line;
}

/** Spans to the left or right; none for another key. */
const steps: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

function onKeyDown(event: TargetedKeyboardEvent<HTMLElement>, hide: () => void): void {
  const { key, currentTarget, target } = event;
  if (key === "Escape") {
    hide();
    return;
  }
  const all = [...currentTarget.querySelectorAll<HTMLElement>("button")];
  const at = all.findIndex((element) => element === target);
  const step = steps[key];
  const next =
    key === "Home" ? 0 : key === "End" ? all.length - 1 : step === undefined || at < 0 ? undefined : at + step;
  if (next === undefined) return;
  event.preventDefault();
  all[Math.max(0, Math.min(next, all.length - 1))]?.focus();
}
