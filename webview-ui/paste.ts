import { send } from "./vscodeApi.ts";

/** A pasted text beyond these becomes an attachment: in the box nobody could find their own words any more. */
const longestPaste = { characters: 2_000, lines: 30 };

function isLargePaste(pasted: string): boolean {
  return pasted.length > longestPaste.characters || pasted.split("\n").length > longestPaste.lines;
}

/** Makes an attachment of a large text, and lets the host look whether a short one is the path of a file. */
export function pasteInto(event: ClipboardEvent): void {
  const pasted = event.clipboardData?.getData("text/plain") ?? "";
  if (isLargePaste(pasted)) {
    event.preventDefault();
    send({ type: "attachText", name: "", text: pasted });
  } else if (pasted.trim() !== "" && !pasted.includes("\n") && pasted.length <= 1_000) {
    send({ type: "pastedPath", text: pasted });
  }
}
