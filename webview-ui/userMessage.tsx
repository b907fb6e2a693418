import { useLayoutEffect, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import type { TurnView } from "../src/messages/chatMessages.ts";
import { SentChips } from "./attachmentChips.tsx";
import { beginEditing, endEditing } from "./editing.ts";
import { Icon, IconButton } from "./icon.tsx";
import { UserTextView } from "./markdownView.tsx";
import { formatNumber, formatTime, text } from "./text.ts";
import { send } from "./vscodeApi.ts";

export interface MessageProps {
  readonly turn: TurnView;
  readonly isLast: boolean;
  readonly busy: boolean;
}

export function UserMessage({ turn, isLast, busy, editing }: MessageProps & { readonly editing: boolean }) {
  const time = new Date(turn.sentAt).toISOString();
  return (
    <section class="message user">
      <div class="who">
        {turn.pinned ? <Icon name="pinned" /> : null}
        <span class="name">{text("you")}</span>
        <time dateTime={time}>{formatTime(turn.sentAt)}</time>
        {turn.pinned ? <span>· {text("pinned")}</span> : null}
        <span class="space" />
        <UserActions turn={turn} isLast={isLast} busy={busy} />
      </div>
      {editing ? (
        <MessageEditor turn={turn} />
      ) : (
        <div class="bubble" data-part="user">
          <UserTextView source={turn.user} />
          <SentChips attachments={turn.attachments} />
        </div>
      )}
      {turn.omittedTokens > 0 ? (
        <p class="note">
          <Icon name="warning" />
          {text("omitted", formatNumber(turn.omittedTokens))}
        </p>
      ) : null}
    </section>
  );
}

function UserActions({ turn, isLast, busy }: MessageProps) {
  const { id, pinned } = turn;
  const finished = turn.reply !== "" && !busy;
  // What is always there stands last, so that it does not move away under the pointer when the rest appears.
  return (
    <span class="actions">
      {!turn.remembered && finished ? (
        <IconButton
          key="bringBack"
          class="always"
          icon="discard"
          label={text("bringBack")}
          onClick={() => send({ type: "bringBack", id })}
        />
      ) : null}
      {isLast && !busy ? (
        <IconButton key="edit" icon="edit" label={text("edit")} onClick={() => beginEditing(id)} />
      ) : null}
      {finished ? (
        <IconButton
          key="pin"
          icon={pinned ? "pinned" : "pin"}
          pressed={pinned}
          label={text(pinned ? "unpin" : "pin")}
          onClick={() => send({ type: pinned ? "unpin" : "pin", id })}
        />
      ) : null}
      <IconButton
        key="copy"
        icon="copy"
        label={text("copyMessage")}
        onClick={() => send({ type: "copyTurn", id, part: "user" })}
      />
    </span>
  );
}

/** The last message, open for a change. Its reply is replaced when it is sent again. */
function MessageEditor({ turn }: { readonly turn: TurnView }) {
  const draft = useSignal(turn.user);
  const input = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    input.current?.focus();
    input.current?.setSelectionRange(turn.user.length, turn.user.length);
  }, [turn.user]);
  const submit = () => {
    if (draft.value.trim() === "") return;
    endEditing();
    send({ type: "editLast", text: draft.value });
  };
  return (
    <div class="bubble editor">
      <textarea
        ref={input}
        data-testid="edit-input"
        rows={1}
        dir="auto"
        spellcheck={false}
        aria-label={text("editLabel")}
        value={draft.value}
        onInput={(event) => {
          draft.value = event.currentTarget.value;
        }}
        onKeyDown={(event) => {
          if (event.isComposing) return;
          if (event.key === "Enter" && !event.shiftKey) {
            event.preventDefault();
            submit();
          } else if (event.key === "Escape") {
            event.preventDefault();
            event.stopPropagation();
            endEditing();
          }
        }}
      />
      <div class="editor-buttons">
        <button type="button" class="button secondary" onClick={endEditing}>
          {text("cancel")}
        </button>
        <button type="button" class="button" data-testid="edit-send" onClick={submit}>
          {text("editSend")}
        </button>
      </div>
    </div>
  );
}
