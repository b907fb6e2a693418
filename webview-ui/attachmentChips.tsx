import type { AttachmentKind, AttachmentView, DraftAttachmentView } from "../src/messages/chatMessages.ts";
import { Icon } from "./icon.tsx";
import { formatNumber, text } from "./text.ts";
import { send } from "./vscodeApi.ts";

const icons: Readonly<Record<AttachmentKind, string>> = {
  file: "file-code",
  symbol: "symbol-method",
  folder: "folder",
  problems: "warning",
  text: "note",
};

/** Attachments of a message that was sent, or waits. A click opens them. */
export function SentChips({ attachments }: { readonly attachments: readonly AttachmentView[] }) {
  if (attachments.length === 0) return null;
  return (
    <div class="chips">
      {attachments.map((attachment) => (
        <span key={attachment.id} class="chip">
          <OpenButton
            attachment={attachment}
            tokens={formatNumber(attachment.tokens)}
            cost={text("attachmentTokens", formatNumber(attachment.tokens))}
          />
        </span>
      ))}
    </div>
  );
}

/** Attachments of the message that is being typed, with what there is to say about them. */
export function DraftChips({ attachments }: { readonly attachments: readonly DraftAttachmentView[] }) {
  if (attachments.length === 0) return null;
  return (
    <div class="draft-attachments">
      <ul class="chips" aria-label={text("attachments")}>
        {attachments.map((attachment, index) => (
          <DraftChip key={attachment.id} attachment={attachment} index={index} />
        ))}
      </ul>
      {attachments.map((attachment) => (
        <Remarks key={attachment.id} attachment={attachment} />
      ))}
    </div>
  );
}

function DraftChip({ attachment, index }: { readonly attachment: DraftAttachmentView; readonly index: number }) {
  const { id, label, state, changed, approximate, ahead } = attachment;
  const number = formatNumber(attachment.tokens);
  const tokens = state !== "ready" ? "" : approximate ? text("about", number) : number;
  const cost = state !== "ready" ? "" : text(approximate ? "attachmentTokensAbout" : "attachmentTokens", number);
  const remove = (): void => {
    send({ type: "removeAttachment", id });
    focusNext(index);
  };
  return (
    <li
      class={`chip is-${state} ${changed ? "is-changed" : ""}`}
      data-testid="attachment"
      data-state={state}
      data-changed={changed}
      data-ahead={ahead}
      onKeyDown={(event) => {
        if (event.key !== "Delete" && event.key !== "Backspace") return;
        event.preventDefault();
        remove();
      }}
    >
      <OpenButton attachment={attachment} tokens={tokens} cost={cost} state={state} />
      {ahead ? (
        <span class="ahead" role="img" title={text("attachmentAhead")} aria-label={text("attachmentAhead")}>
          <Icon name="eye" />
        </span>
      ) : null}
      <button
        type="button"
        class="chip-remove"
        title={text("attachmentRemove", label)}
        aria-label={text("attachmentRemove", label)}
        onClick={remove}
      >
        <Icon name="close" />
      </button>
    </li>
  );
}

/** The focus goes to the chip that takes the place of the one that is gone, or back to the input. */
function focusNext(index: number): void {
  setTimeout(() => {
    const rest = document.querySelectorAll<HTMLElement>(".composer .chip-remove");
    (rest[Math.min(index, rest.length - 1)] ?? document.querySelector<HTMLElement>(".composer textarea"))?.focus();
  }, 50);
}

interface OpenButtonProps {
  readonly attachment: AttachmentView;
  /** Empty: not known. */
  readonly tokens: string;
  /** The same in words. */
  readonly cost: string;
  readonly state?: DraftAttachmentView["state"];
}

function OpenButton({ attachment, tokens, cost, state = "ready" }: OpenButtonProps) {
  const { id, kind, label, detail } = attachment;
  return (
    <button
      type="button"
      class="chip-open"
      title={[detail === "" ? label : detail, cost].join("\n").trim()}
      onClick={() => send({ type: "openAttachment", id })}
    >
      <Icon name={state === "failed" ? "error" : state === "reading" ? "loading codicon-modifier-spin" : icons[kind]} />
      <span class="chip-label">{label}</span> {tokens === "" ? null : <em>{tokens}</em>}
      {state === "ready" ? null : (
        <span class="visually-hidden">{text(state === "reading" ? "attachmentReading" : "attachmentFailed")}</span>
      )}
    </button>
  );
}

function Remarks({ attachment }: { readonly attachment: DraftAttachmentView }) {
  const { id, label, state, problem, hint, changed } = attachment;
  if (state === "failed") {
    return (
      <p class="remark is-error" role="alert">
        <Icon name="error" />
        {problem}
      </p>
    );
  }
  if (changed) {
    return (
      <p class="remark is-warning" role="status">
        <Icon name="warning" />
        <span>
          {text("attachmentChanged", label)}{" "}
          <button type="button" class="link-button" onClick={() => send({ type: "refreshAttachment", id })}>
            {text("attachmentRefresh")}
          </button>
        </span>
      </p>
    );
  }
  if (hint === "") return null;
  return (
    <p class="remark">
      <Icon name="info" />
      {hint}
    </p>
  );
}
