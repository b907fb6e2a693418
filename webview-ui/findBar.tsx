import { useEffect, useRef } from "preact/hooks";
import { closeFind, currentIndex, findOpen, findQuery, findResult, moveMatch, search } from "./findState.ts";
import { IconButton } from "./icon.tsx";
import { focusRequest } from "./store.ts";
import { formatNumber, text } from "./text.ts";

/** Find in the whole conversation, also in what is not in the document. Begins at the newest match. */
export function FindBar() {
  const input = useRef<HTMLInputElement>(null);
  const focus = focusRequest.value;
  useEffect(() => {
    if (focus.target === "find") findOpen.value = true;
  }, [focus]);
  useEffect(() => {
    if (findOpen.value) input.current?.select();
  }, [findOpen.value, focus]);
  if (!findOpen.value) return null;
  return (
    <div class="find" role="search">
      <input
        ref={input}
        type="text"
        data-testid="find-input"
        dir="auto"
        spellcheck={false}
        placeholder={text("findPlaceholder")}
        aria-label={text("find")}
        value={findQuery.value}
        onInput={(event) => search(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.isComposing) return;
          if (event.key === "Enter") moveMatch(event.shiftKey ? -1 : 1);
        }}
      />
      <span class="find-count" role="status" data-testid="find-count">
        {countText()}
      </span>
      <IconButton icon="arrow-up" label={text("findPrevious")} onClick={() => moveMatch(-1)} />
      <IconButton icon="arrow-down" label={text("findNext")} onClick={() => moveMatch(1)} />
      <IconButton icon="close" label={text("findClose")} onClick={closeFind} />
    </div>
  );
}

function countText(): string {
  if (findQuery.value === "") return "";
  const { matches, more } = findResult.value;
  if (matches.length === 0) return text("findNone");
  const current = formatNumber(currentIndex.value + 1);
  return text(more ? "findCountMore" : "findCount", current, formatNumber(matches.length));
}
