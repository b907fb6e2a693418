import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { canAttach, droppedUris } from "./dropData.ts";
import { Icon } from "./icon.tsx";
import { text } from "./text.ts";
import { send } from "./vscodeApi.ts";

/** More than that is refused by the host anyway. Bytes. */
const largestFile = 1024 * 1024;

const dragging = signal(false);

/** Says where things can be dropped while something is dragged over the view, and takes them. */
export function DropTarget() {
  useEffect(() => {
    const over = (event: DragEvent): void => {
      if (event.dataTransfer === null || !canAttach(event.dataTransfer.types)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      dragging.value = true;
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) dragging.value = false;
    };
    const drop = (event: DragEvent): void => {
      dragging.value = false;
      if (event.dataTransfer === null || !canAttach(event.dataTransfer.types)) return;
      event.preventDefault();
      void take(event.dataTransfer);
    };
    document.addEventListener("dragenter", over);
    document.addEventListener("dragover", over);
    document.addEventListener("dragleave", leave);
    document.addEventListener("drop", drop);
    return () => {
      document.removeEventListener("dragenter", over);
      document.removeEventListener("dragover", over);
      document.removeEventListener("dragleave", leave);
      document.removeEventListener("drop", drop);
    };
  }, []);
  if (!dragging.value) return null;
  return (
    <div class="drop-target" data-testid="drop-target">
      <div>
        <Icon name="attach" />
        <b>{text("dropHint")}</b>
        <span>{text("dropShift")}</span>
      </div>
    </div>
  );
}

/** A file from outside of VS Code comes without its path: what is in it is attached. */
async function take(data: DataTransfer): Promise<void> {
  const uris = droppedUris(data);
  const files = [...data.files];
  if (uris.length > 0) send({ type: "attachUris", uris: uris.slice(0, 100) });
  else {
    for (const file of files) {
      const content = file.size > largestFile ? "x".repeat(largestFile + 1) : await file.text();
      send({ type: "attachText", name: file.name, text: content });
    }
  }
}
