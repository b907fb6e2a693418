import type { ViewStringKey } from "../src/messages/viewStrings.ts";
import { Icon } from "./icon.tsx";
import { busy, model } from "./store.ts";
import { text } from "./text.ts";
import { send } from "./vscodeApi.ts";

/** What stands in the place of a conversation that has not begun. */
export function EmptyState() {
  const current = model.value;
  return (
    <main class="empty" data-testid="empty">
      {current.state === "none" ? <Welcome /> : <ReadyToStart isToy={current.state === "ready" && current.toy} />}
    </main>
  );
}

function Welcome() {
  return (
    <>
      <Dawn />
      <h1>{text("welcomeTitle")}</h1>
      <p class="intro">{text("welcomeIntro")}</p>
      <div class="empty-buttons">
        <button type="button" class="button" data-testid="choose-model" onClick={() => send({ type: "chooseModel" })}>
          {text("chooseModel")}
        </button>
        <button
          type="button"
          class="button secondary"
          data-testid="try-demo"
          onClick={() => send({ type: "useDemoModel" })}
        >
          {text("tryDemo")}
        </button>
      </div>
      <p class="hint">{text("demoHint")}</p>
      <dl class="promises">
        <Point icon="history" title="welcomeEndlessTitle" detail="welcomeEndless" />
        <Point icon="pinned" title="welcomePinTitle" detail="welcomePin" />
        <Point icon="chip" title="welcomeLocalTitle" detail="welcomeLocal" />
      </dl>
    </>
  );
}

function Point(props: { readonly icon: string; readonly title: ViewStringKey; readonly detail: ViewStringKey }) {
  return (
    <div class="promise">
      <Icon name={props.icon} />
      <dt>{text(props.title)}</dt>
      <dd>{text(props.detail)}</dd>
    </div>
  );
}

/** Sentences of the kind that the demo model was trained on; it knows no other language. */
const toyPrompts = [
  "Remember that the green cache is 47.",
  "What is the green cache?",
  "Write a function to sort a table.",
];

function ReadyToStart({ isToy }: { readonly isToy: boolean }) {
  return (
    <>
      <Dawn />
      <h1>{text("readyTitle")}</h1>
      <p class="intro">{text(isToy ? "readyToyIntro" : "readyIntro")}</p>
      {isToy ? (
        <div class="prompts">
          {toyPrompts.map((prompt) => (
            <button
              type="button"
              key={prompt}
              class="prompt"
              lang="en"
              disabled={busy.value}
              onClick={() => send({ type: "send", text: prompt })}
            >
              {prompt}
            </button>
          ))}
        </div>
      ) : null}
    </>
  );
}

/** The sign of the product: the sun over the horizon of a day. */
function Dawn() {
  return (
    <svg class="dawn" viewBox="0 0 64 40" aria-hidden="true">
      <path class="dawn-sun" d="M18 30a14 14 0 0 1 28 0Z" />
      <path class="dawn-rays" d="M32 4v6M12.2 12.2l4.2 4.2M51.8 12.2l-4.2 4.2M4 30h6M54 30h6" />
      <path class="dawn-line" d="M4 36h56" />
    </svg>
  );
}
