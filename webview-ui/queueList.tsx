import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { QueuedMessageView } from "../src/messages/chatMessages.ts";
import { SentChips } from "./attachmentChips.tsx";
import { IconButton } from "./icon.tsx";
import { composer } from "./store.ts";
import { text } from "./text.ts";
import { send } from "./vscodeApi.ts";

/** Messages that wait for the reply that runs, oldest first. */
export function QueueList() {
  const { queue, queueWaits } = composer.value;
  if (queue.length === 0) return null;
  const title = text(queueWaits ? "queueWaits" : "queueTitle");
  return (
    <section class="queue" aria-label={title} data-testid="queue" data-waits={queueWaits}>
      <div class="queue-title">
        <span>{title}</span>
        <span class="space" />
        {queueWaits ? (
          <button type="button" class="link-button" onClick={() => send({ type: "sendQueued" })}>
            {text("queueSend")}
          </button>
        ) : null}
      </div>
      <ol>
        {queue.map((message) => (
          <QueuedMessage key={message.id} message={message} />
        ))}
      </ol>
    </section>
  );
}

function QueuedMessage({ message }: { readonly message: QueuedMessageView }) {
  const editing = useSignal(false);
  const { id } = message;
  if (editing.value) {
    return (
      <li data-testid="queued">
        <QueuedEditor message={message} done={() => (editing.value = false)} />
      </li>
    );
  }
  return (
    <li data-testid="queued">
      <div class="queue-text">
        <span title={message.text}>{message.text}</span>
        <SentChips attachments={message.attachments} />
      </div>
      <IconButton icon="edit" label={text("queueEdit")} onClick={() => (editing.value = true)} />
      <IconButton icon="close" label={text("queueRemove")} onClick={() => send({ type: "removeQueued", id })} />
    </li>
  );
}

function QueuedEditor({ message, done }: { readonly message: QueuedMessageView; readonly done: () => void }) {
  const draft = useSignal(message.text);
  const input = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => input.current?.focus(), []);
  const keep = (): void => {
    send({ type: "editQueued", id: message.id, text: draft.value });
    done();
  };
  return (
    <div class="queue-editor">
      <textarea
        ref={input}
        rows={1}
        dir="auto"
        spellcheck={false}
        data-testid="queue-input"
        aria-label={text("queueEditLabel")}
        value={draft.value}
        onInput={(event) => (draft.value = event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.isComposing) return;
          if (event.key === "Enter" && !event.shiftKey) {
            event.preventDefault();
            keep();
          } else if (event.key === "Escape") {
            event.preventDefault();
            event.stopPropagation();
            done();
          }
        }}
      />
      <IconButton icon="check" label={text("queueSave")} onClick={keep} />
      <IconButton icon="close" label={text("cancel")} onClick={done} />
    </div>
  );
}
