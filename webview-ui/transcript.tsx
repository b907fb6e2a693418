import type { TargetedKeyboardEvent } from "preact";
import { computed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { TurnView } from "../src/messages/chatMessages.ts";
import { handleCodeClick } from "./codeBlock.ts";
import { editedTurn } from "./editing.ts";
import { currentMatch, findOpen, findQuery } from "./findState.ts";
import { showMatches } from "./findHighlight.ts";
import { endRequests, flash, turnRequest } from "./goToTurn.ts";
import { Icon } from "./icon.tsx";
import { memoryEdge } from "./memoryEdge.ts";
import { busy, earlier, turns } from "./store.ts";
import { text } from "./text.ts";
import { TurnRow } from "./turnRow.tsx";
import { savedView, saveView, send } from "./vscodeApi.ts";
import { VirtualScroll } from "./virtualScroll.ts";

const edge = computed(() => memoryEdge(turns.value));

/** Milliseconds of rest before the reader's place is stored. */
const savePositionMs = 200;

/** The conversation: a list of any length of which only the rows near the reader are in the document. */
export function Transcript() {
  const scroller = useRef<HTMLDivElement>(null);
  const before = useRef<HTMLDivElement>(null);
  const after = useRef<HTMLDivElement>(null);
  const tabStop = useSignal<string | undefined>(undefined);
  /** The turn that the keyboard went to and that is not drawn yet. */
  const awaited = useRef<string | undefined>(undefined);
  const view = useMemo(createView, []);
  const list = turns.value;

  useMemo(() => {
    view.setRows(
      list.map((turn) => turn.id),
      (index) => estimateHeight(list[index]),
    );
  }, [list, view]);
  // Read after the rows were set: a range of the old list would draw wrong rows of the new one.
  const { start, end } = view.range.value;

  useLayoutEffect(() => {
    if (scroller.current === null || before.current === null || after.current === null) return;
    view.attach(scroller.current, before.current, after.current, savedView().reading);
    return () => view.detach();
  }, [view]);
  useLayoutEffect(() => {
    view.rendered();
    if (scroller.current === null || !focusRow(scroller.current, awaited.current)) return;
    awaited.current = undefined;
  });
  useEffect(() => keepFocus(scroller.current, tabStop.value), [list, start, end, tabStop.value]);
  // A turn that was asked for may still be on its way from the host.
  const request = turnRequest.value;
  useEffect(() => {
    if (showRequested(view, scroller.current, request, awaited)) turnRequest.value = undefined;
  }, [list, view, request]);
  useSignalEffect(() => {
    if (endRequests.value > 0) view.scrollToEnd();
  });
  useSignalEffect(() => {
    const match = currentMatch.value;
    if (match !== undefined) view.scrollToRow(match.turnId, findMargin);
  });
  useEffect(() => {
    if (scroller.current === null || !findOpen.value) return;
    return showMatches(scroller.current, findQuery.value, currentMatch.value, (pixels) => view.scrollBy(pixels));
  }, [list, start, end, findOpen.value, findQuery.value, currentMatch.value, view]);

  const stop = list.some((turn) => turn.id === tabStop.value) ? tabStop.value : list.at(-1)?.id;
  return (
    <main class="transcript">
      <div
        ref={scroller}
        class="scroller"
        role="feed"
        aria-label={text("transcript")}
        aria-busy={busy.value || earlier.value > 0}
        tabIndex={-1}
        onScroll={() => view.onScroll()}
        onClick={onClick}
        onKeyDown={(event) => onKeyDown(event, view, awaited)}
        onFocusIn={(event) => {
          tabStop.value = rowOf(event.target)?.dataset["id"] ?? tabStop.value;
        }}
      >
        <div ref={before} class="spacer" aria-hidden="true" />
        {list.slice(start, end).map((turn, index) => (
          <TurnRow
            key={turn.id}
            turn={turn}
            index={earlier.value + start + index}
            count={earlier.value + list.length}
            busy={busy.value}
            isEdge={start + index === edge.value}
            editing={editedTurn.value === turn.id}
            findInThought={currentMatch.value?.turnId === turn.id && currentMatch.value.part === "thought"}
            isTabStop={turn.id === stop}
          />
        ))}
        <div ref={after} class="spacer" aria-hidden="true" />
      </div>
      {view.atEnd.value ? null : (
        <button type="button" class="to-end" data-testid="to-end" onClick={() => view.scrollToEnd()}>
          <Icon name="arrow-down" />
          {text(busy.value ? "scrollToEndNew" : "scrollToEnd")}
        </button>
      )}
    </main>
  );
}

/** Pixels between the upper edge and a turn that a search leads to. */
const findMargin = 48;

function createView(): VirtualScroll {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return new VirtualScroll((reading) => {
    clearTimeout(timer);
    timer = setTimeout(() => saveView({ reading }), savePositionMs);
  });
}

/** A guess that keeps the scroll bar steady: lines of about 45 characters, and what surrounds them. */
function estimateHeight(turn: TurnView | undefined): number {
  if (turn === undefined) return 0;
  const lines = Math.ceil(turn.user.length / 45) + Math.ceil(turn.reply.length / 38);
  return 110 + 20 * lines;
}

function rowOf(target: EventTarget | null): HTMLElement | undefined {
  return target instanceof Element ? (target.closest<HTMLElement>("article.turn") ?? undefined) : undefined;
}

/** A button or a row that had the focus and has gone must not take the keyboard with it. */
function keepFocus(scroller: HTMLElement | null, id: string | undefined): void {
  if (scroller === null || id === undefined || document.activeElement !== document.body || !document.hasFocus()) return;
  const row = scroller.querySelector<HTMLElement>(`article[data-id="${CSS.escape(id)}"]`);
  (row ?? scroller).focus({ preventScroll: true });
}

function onClick(event: MouseEvent): void {
  if (event.target instanceof Element && (handleCodeClick(event.target) || openLink(event.target))) {
    event.preventDefault();
  }
}

function openLink(target: Element): boolean {
  const href = target.closest("[data-href]")?.getAttribute("data-href");
  if (href === null || href === undefined) return false;
  send({ type: "openLink", href });
  return true;
}

/** Brings a turn that was asked for into view, with the focus. Whether it is there. */
function showRequested(
  view: VirtualScroll,
  scroller: HTMLElement | null,
  id: string | undefined,
  awaited: { current: string | undefined },
): boolean {
  if (id === undefined || scroller === null || view.idBeside(id, 0) === undefined) return false;
  view.scrollToRow(id, findMargin);
  awaited.current = focusRow(scroller, id, true) ? undefined : id;
  return true;
}

/** Whether the row is in the document. */
function focusRow(scroller: HTMLElement, id: string | undefined, isMarked = false): boolean {
  if (id === undefined) return false;
  const row = scroller.querySelector<HTMLElement>(`article[data-id="${CSS.escape(id)}"]`);
  row?.focus({ preventScroll: true });
  row?.scrollIntoView({ block: "nearest" });
  if (isMarked && row !== null) flash(row);
  return row !== null;
}

/** Turns up or down; none for another key. */
const steps: Readonly<Record<string, number>> = { PageDown: 1, ArrowDown: 1, PageUp: -1, ArrowUp: -1 };

function onKeyDown(
  event: TargetedKeyboardEvent<HTMLElement>,
  view: VirtualScroll,
  awaited: { current: string | undefined },
): void {
  const { target, key, currentTarget } = event;
  if (!(target instanceof HTMLElement) || target instanceof HTMLTextAreaElement) return;
  if (key === "Enter" && openLink(target)) return;
  if (target.tagName === "PRE") return;
  if (key === "End") {
    event.preventDefault();
    view.scrollToEnd();
    return;
  }
  const step = steps[key];
  const row = rowOf(target);
  if (step === undefined || row === undefined || target !== row) return;
  // A key that repeats is quicker than the drawing: it goes on from the turn that is on its way.
  const next = view.idBeside(awaited.current ?? row.dataset["id"] ?? "", step);
  if (next === undefined) return;
  event.preventDefault();
  awaited.current = undefined;
  if (focusRow(currentTarget, next)) {
    view.onScroll();
    return;
  }
  awaited.current = next;
  view.scrollToRow(next, 0);
}
