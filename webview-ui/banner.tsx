import type { ComponentChildren } from "preact";
import type { ViewStringKey } from "../src/messages/viewStrings.ts";
import { Icon, IconButton } from "./icon.tsx";
import { busy, dismissNotice, model, notice } from "./store.ts";
import { formatPercent, text } from "./text.ts";
import { send } from "./vscodeApi.ts";

/** What there is to say about the model as it is now, above the conversation. */
export function ModelBanner() {
  const current = model.value;
  switch (current.state) {
    case "none":
    case "unloaded":
      return null;
    case "loading":
      return <LoadingBanner name={current.name} fraction={current.fraction} />;
    case "failed":
      return (
        <Banner kind="error" icon="error" title={text("failedTitle", current.name)} detail={current.error.message}>
          <Action label="chooseModel" onClick={() => send({ type: "chooseModel" })} />
          <Action label="tryAgain" onClick={() => send({ type: "restartEngine" })} />
          <Action label="showLog" onClick={() => send({ type: "showLog" })} />
        </Banner>
      );
    case "crashed":
      return (
        <Banner
          kind="error"
          icon="error"
          title={text("crashedTitle")}
          detail={text(current.willRestart ? "crashedRestarting" : "crashedText")}
        >
          <Action label="restartEngine" onClick={() => send({ type: "restartEngine" })} />
          <Action label="showLog" onClick={() => send({ type: "showLog" })} />
        </Banner>
      );
    case "ready":
      return (
        <>
          {current.outdated ? (
            <Banner kind="info" icon="settings-gear" title={text("outdatedTitle")} detail={text("outdatedText")}>
              <Action
                label={busy.value ? "reloadAfterReply" : "reloadNow"}
                onClick={() => send({ type: "reloadModel" })}
              />
            </Banner>
          ) : null}
          {current.toy ? <ToyBanner /> : null}
          {current.gpuFallback === undefined ? null : (
            <Banner
              kind="info"
              icon="info"
              title={text("gpuFallbackTitle", current.gpuFallback.gpu)}
              detail={text(
                current.gpuFallback.reason === "out-of-memory" ? "gpuFallbackMemory" : "gpuFallbackUnavailable",
              )}
            >
              <Action label="tryAgain" onClick={() => send({ type: "restartEngine" })} />
              <Action label="showLog" onClick={() => send({ type: "showLog" })} />
            </Banner>
          )}
          {current.mode === "recompute" ? (
            <Banner
              kind="info"
              icon="info"
              title={text("recomputeTitle")}
              detail={[text("recomputeText"), ...current.reasons].join(" ")}
            />
          ) : null}
        </>
      );
  }
}

function ToyBanner() {
  return (
    <Banner kind="toy" icon="beaker" title={text("toyTitle")} detail={text("toyText")}>
      <Action label="toyChoose" onClick={() => send({ type: "chooseModel" })} />
    </Banner>
  );
}

function LoadingBanner({ name, fraction }: { readonly name: string; readonly fraction: number }) {
  const title = text("loadingTitle", name);
  return (
    <div class="banner is-info" data-testid="banner" data-kind="loading">
      <div class="banner-text">
        <span class="loading-line">
          <span class="loading-name">{title}</span>
          <span>{formatPercent(fraction)}</span>
        </span>
        <progress value={fraction} max={1} aria-label={title} />
      </div>
    </div>
  );
}

/** Said once, until it is put away. */
export function Notice() {
  if (notice.value === undefined) return null;
  const isHelp = notice.value.code === "help";
  return (
    <div class={`banner ${isHelp ? "is-info" : "is-error"}`} role={isHelp ? "status" : "alert"} data-testid="notice">
      <Icon name={isHelp ? "info" : "warning"} />
      <div class="banner-text">{notice.value.message}</div>
      <IconButton icon="close" label={text("dismiss")} onClick={dismissNotice} />
    </div>
  );
}

interface BannerProps {
  readonly kind: "info" | "error" | "toy";
  readonly icon: string;
  readonly title: string;
  readonly detail: string;
  readonly children?: ComponentChildren;
}

function Banner({ kind, icon, title, detail, children }: BannerProps) {
  return (
    <div class={`banner is-${kind}`} role={kind === "error" ? "alert" : "note"} data-testid="banner" data-kind={kind}>
      <Icon name={icon} />
      <div class="banner-text">
        <b>{title}</b> {detail} {children === undefined ? null : <div class="banner-actions">{children}</div>}
      </div>
    </div>
  );
}

function Action({ label, onClick }: { readonly label: ViewStringKey; readonly onClick: () => void }) {
  return (
    <button type="button" class="link-button" onClick={onClick}>
      {text(label)}
    </button>
  );
}
