import { signal } from "@preact/signals";

/** The turn that the transcript is asked to show, until it is shown. */
export const turnRequest = signal<string | undefined>(undefined);

export function goToTurn(id: string): void {
  turnRequest.value = id;
}

/** Counts the requests to show the end of the transcript. */
export const endRequests = signal(0);

export function goToEnd(): void {
  endRequests.value += 1;
}

/** Draws the eye to a row for a moment, where things may move. */
export function flash(row: HTMLElement): void {
  const still =
    window.matchMedia("(prefers-reduced-motion: reduce)").matches ||
    document.body.classList.contains("vscode-reduce-motion");
  if (still) return;
  const style = getComputedStyle(row);
  const marked = style.getPropertyValue("--marked");
  row.animate([{ backgroundColor: marked }, { backgroundColor: "transparent" }], {
    duration: 1_200,
    easing: "ease-out",
  });
}
