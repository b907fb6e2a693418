import { useEffect } from "preact/hooks";
import { ModelBanner, Notice } from "./banner.tsx";
import { Composer } from "./composer.tsx";
import { DropTarget } from "./dropTarget.tsx";
import { EmptyState } from "./emptyState.tsx";
import { FindBar } from "./findBar.tsx";
import { closeFind, findOpen } from "./findState.ts";
import { LiveRegion } from "./liveRegion.tsx";
import { MemoryHeader } from "./memoryHeader.tsx";
import { live, turns } from "./store.ts";
import { Transcript } from "./transcript.tsx";

export function App() {
  useEffect(() => {
    // On the document: a button that had the focus may have gone, and the keyboard must work all the same.
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
  if (!live.value) return null;
  return (
    <div class="panel">
      <MemoryHeader />
      <ModelBanner />
      <FindBar />
      {turns.value.length === 0 ? <EmptyState /> : <Transcript />}
      <Notice />
      <Composer />
      <DropTarget />
      <LiveRegion />
    </div>
  );
}

function onKeyDown(event: KeyboardEvent): void {
  const isFind =
    event.key.toLowerCase() === "f" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
  if (isFind) {
    event.preventDefault();
    findOpen.value = true;
    document.querySelector<HTMLInputElement>(".find input")?.select();
  } else if (event.key === "Escape" && findOpen.value) {
    event.preventDefault();
    closeFind();
    document.querySelector<HTMLElement>(".composer textarea")?.focus();
  }
}
