/** Puts a text in the place of what is selected, as if it was typed: only so it can be undone with the keyboard. */
export function typeText(text: string): void {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- nothing else keeps the field's undo history
  document.execCommand(text === "" ? "delete" : "insertText", false, text);
}
