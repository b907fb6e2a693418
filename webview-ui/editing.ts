import { signal } from "@preact/signals";

/** The turn whose message is being edited in its place. */
export const editedTurn = signal<string | undefined>(undefined);

export function beginEditing(id: string): void {
  editedTurn.value = id;
}

export function endEditing(): void {
  editedTurn.value = undefined;
}
