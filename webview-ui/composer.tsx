import { useEffect, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import type { ModelView } from "../src/messages/chatMessages.ts";
import { Icon, IconButton } from "./icon.tsx";
import { busy, focusRequest, model, turns } from "./store.ts";
import { text } from "./text.ts";
import { savedView, saveView, send } from "./vscodeApi.ts";
import { beginEditing } from "./editing.ts";

/** Where the user writes. Enter sends, Shift+Enter breaks the line; Enter that ends an IME composition does neither. */
export function Composer() {
  const draft = useSignal(savedView().draft ?? "");
  const input = useRef<HTMLTextAreaElement>(null);
  const announced = useRef(false);
  const focus = focusRequest.value;
  const hasModel = model.value.state !== "none";

  useEffect(() => {
    if (focus.target === "composer") input.current?.focus();
  }, [focus]);

  const change = (value: string) => {
    draft.value = value;
    saveView({ draft: value === "" ? undefined : value });
    if (value !== "" && !announced.current) send({ type: "composing" });
    announced.current = value !== "";
  };
  const submit = () => {
    if (draft.value.trim() === "" || busy.value || !hasModel) return;
    send({ type: "send", text: draft.value });
    change("");
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing || event.key === "Process") return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape" && busy.value) {
      event.preventDefault();
      send({ type: "stop" });
    } else if (event.key === "ArrowUp" && draft.value === "" && !busy.value) {
      const last = turns.value.at(-1);
      if (last === undefined) return;
      event.preventDefault();
      beginEditing(last.id);
    }
  };

  return (
    <div class="composer">
      <textarea
        ref={input}
        data-testid="composer-input"
        rows={1}
        dir="auto"
        spellcheck={false}
        value={draft.value}
        placeholder={text(hasModel ? "composerPlaceholder" : "composerNoModel")}
        aria-label={text("composerLabel")}
        onInput={(event) => change(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <div class="composer-row">
        <ModelButton />
        <span class="space" />
        {busy.value ? (
          <IconButton
            class="send"
            testId="stop"
            icon="debug-stop"
            label={text("stop")}
            onClick={() => {
              send({ type: "stop" });
              input.current?.focus();
            }}
          />
        ) : (
          <IconButton
            class="send"
            testId="send"
            icon="send"
            label={text("send")}
            disabled={draft.value.trim() === "" || !hasModel}
            onClick={submit}
          />
        )}
      </div>
    </div>
  );
}

function modelName(current: ModelView): string {
  if (current.state === "none") return text("noModel");
  return "toy" in current && current.toy ? text("demoModel") : current.name;
}

function ModelButton() {
  const current = model.value;
  const name = modelName(current);
  const place = current.state === "ready" && current.gpu !== "" ? ` · ${current.gpu}` : "";
  const label = text("modelMenu", name + place);
  return (
    <button
      type="button"
      class="model-button"
      title={label}
      aria-label={label}
      onClick={() => send({ type: "chooseModel" })}
    >
      <Icon name="chip" />
      <span class="model-name">
        {name}
        {place}
      </span>
      <Icon name="chevron-down" />
    </button>
  );
}
