import type { ChatIntent, ComposerIntent } from "../messages/chatMessages.ts";

const types: Readonly<Record<ComposerIntent["type"], true>> = {
  draft: true,
  complete: true,
  attachItem: true,
  attachUris: true,
  attachText: true,
  pastedPath: true,
  answerOffer: true,
  removeAttachment: true,
  refreshAttachment: true,
  openAttachment: true,
  editQueued: true,
  removeQueued: true,
  sendQueued: true,
};

/** Whether an intent concerns the message that is being typed, or those that wait. */
export function isComposerIntent(intent: ChatIntent): intent is ComposerIntent {
  return Object.hasOwn(types, intent.type);
}
