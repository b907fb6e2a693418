import type { ModelView } from "../src/messages/chatMessages.ts";
import { Icon } from "./icon.tsx";
import { model } from "./store.ts";
import { text } from "./text.ts";
import { send } from "./vscodeApi.ts";

function modelName(current: ModelView): string {
  if (current.state === "none") return text("noModel");
  return "toy" in current && current.toy ? text("demoModel") : current.name;
}

export function ModelButton() {
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
