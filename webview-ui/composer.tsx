import { useEffect, useRef } from "preact/hooks";
import { DraftChips } from "./attachmentChips.tsx";
import {
  chosenCompletion,
  closeCompletion,
  completionItems,
  completionRange,
  followTyping,
  isCompleting,
  moveCompletion,
  selectedCompletion,
} from "./completion.ts";
import { CompletionList, completionListId, optionId } from "./completionList.tsx";
import type { CompletionItem } from "../src/messages/chatMessages.ts";
import { CostLine, costLineId } from "./costLine.tsx";
import { changeDraft, clearDraft, draft } from "./draft.ts";
import { goToEnd } from "./goToTurn.ts";
import { IconButton } from "./icon.tsx";
import { ModelButton } from "./modelButton.tsx";
import { OfferBar } from "./offerBar.tsx";
import { pasteInto } from "./paste.ts";
import { PromptHistory } from "./promptHistory.ts";
import { QueueList } from "./queueList.tsx";
import { busy, composer, focusRequest, model, turns } from "./store.ts";
import { text } from "./text.ts";
import { typeText } from "./typeText.ts";
import { send } from "./vscodeApi.ts";

/** Where the user writes, with all that belongs to the message. Enter that ends an IME composition does nothing else. */
export function Composer() {
  const input = useRef<HTMLTextAreaElement>(null);
  const history = useRef(new PromptHistory());
  const focus = focusRequest.value;
  const hasModel = model.value.state !== "none";
  const { attachments, sendWith } = composer.value;
  const canSend = draft.value.trim() !== "" && hasModel;

  useEffect(() => {
    if (focus.target === "composer") input.current?.focus();
  }, [focus]);

  const submit = (): void => {
    if (!canSend) return;
    send({ type: "send", text: draft.value });
    // Whoever sends a message wants to see its reply; one that waits for another reply moves nothing.
    if (!busy.value) goToEnd();
    clearDraft();
    closeCompletion();
  };
  const type = (typed: string): void => {
    input.current?.focus();
    typeText(typed);
  };
  const choose = (item: CompletionItem): void => {
    const range = completionRange();
    if (range === undefined) return;
    input.current?.setSelectionRange(range.start, range.end);
    if (item.then === "run") {
      typeText("");
      clearDraft();
      send({ type: "send", text: item.insert });
    } else type(item.insert);
    if (item.then === "attach") send({ type: "attachItem", id: item.id });
    if (item.then !== "list") closeCompletion();
  };
  const recall = (event: KeyboardEvent, step: -1 | 1): void => {
    const messages = turns.value.map(({ user }) => user).filter((message, index, all) => message !== all[index - 1]);
    const recalled = history.current.move(messages, draft.value, step);
    if (recalled === undefined) return;
    event.preventDefault();
    changeDraft(recalled);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.isComposing || event.key === "Process") return;
    if (isCompleting.value && completionKey(event, choose)) return;
    const sends = sendWith === "enter" ? !event.shiftKey : event.ctrlKey || event.metaKey;
    if (event.key === "Enter" && sends && !event.altKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape" && busy.value) {
      event.preventDefault();
      send({ type: "stop" });
    } else if (event.key === "ArrowUp") recall(event, -1);
    else if (event.key === "ArrowDown") recall(event, 1);
  };
  const follow = ({ currentTarget: field }: { readonly currentTarget: HTMLTextAreaElement }): void => {
    if (field.selectionStart === field.selectionEnd) followTyping(field.value, field.selectionStart);
  };
  const items = completionItems.value;

  return (
    <div class="composer-area">
      <QueueList />
      <OfferBar />
      <div class="composer">
        {items === undefined ? null : (
          <CompletionList
            items={items}
            selected={selectedCompletion.value}
            onChoose={choose}
            onHover={(index) => (selectedCompletion.value = index)}
          />
        )}
        <DraftChips attachments={attachments} />
        <textarea
          ref={input}
          data-testid="composer-input"
          rows={1}
          dir="auto"
          spellcheck={false}
          value={draft.value}
          placeholder={text(hasModel ? "composerPlaceholder" : "composerNoModel")}
          aria-label={text("composerLabel")}
          aria-describedby={costLineId}
          aria-autocomplete="list"
          aria-haspopup="listbox"
          aria-controls={items === undefined ? undefined : completionListId}
          aria-activedescendant={items === undefined ? undefined : optionId(selectedCompletion.value)}
          onInput={(event) => {
            changeDraft(event.currentTarget.value);
            follow(event);
          }}
          onSelect={follow}
          onBlur={closeCompletion}
          onPaste={pasteInto}
          onKeyDown={onKeyDown}
        />
        <div class="composer-row">
          <MarkButton mark="@" icon="mention" label={text("attachButton")} type={type} />
          <MarkButton mark="/" icon="terminal" label={text("commandsButton")} type={type} />
          <ModelButton />
          <span class="space" />
          {busy.value ? (
            <IconButton
              class={canSend ? "" : "send"}
              testId="stop"
              icon="debug-stop"
              label={text("stop")}
              onClick={() => {
                send({ type: "stop" });
                input.current?.focus();
              }}
            />
          ) : null}
          {busy.value && !canSend ? null : (
            <IconButton
              class="send"
              testId="send"
              icon="send"
              label={text(busy.value ? "sendLater" : sendWith === "enter" ? "send" : "sendCtrl")}
              disabled={!canSend}
              onClick={() => {
                submit();
                input.current?.focus();
              }}
            />
          )}
        </div>
      </div>
      <CostLine />
    </div>
  );
}

/** Keys of the list while it is open. Returns whether it took the key. */
function completionKey(event: KeyboardEvent, choose: (item: CompletionItem) => void): boolean {
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") moveCompletion(event.key === "ArrowDown" ? 1 : -1);
  else if (event.key === "Escape") closeCompletion();
  else if (isPlain && !event.shiftKey && (event.key === "Enter" || event.key === "Tab")) {
    if ((completionItems.value ?? []).length === 0) return false;
    const item = chosenCompletion();
    if (item !== undefined) choose(item);
  } else return false;
  event.preventDefault();
  event.stopPropagation();
  return true;
}

interface MarkButtonProps {
  readonly mark: "@" | "/";
  readonly icon: string;
  readonly label: string;
  readonly type: (text: string) => void;
}

/** Types the mark that opens a list: what the keyboard does, for the mouse. */
function MarkButton({ mark, icon, label, type }: MarkButtonProps) {
  const isCommand = mark === "/";
  return (
    <IconButton
      icon={icon}
      label={label}
      testId={isCommand ? "commands" : "attach"}
      disabled={isCommand && draft.value.trim() !== ""}
      onClick={() => type(!isCommand && /\S$/.test(draft.value) ? ` ${mark}` : mark)}
    />
  );
}
