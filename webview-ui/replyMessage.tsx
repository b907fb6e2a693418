import type { ReplyNote, TurnView } from "../src/messages/chatMessages.ts";
import type { ViewStringKey } from "../src/messages/viewStrings.ts";
import { Icon, IconButton } from "./icon.tsx";
import { MarkdownView } from "./markdownView.tsx";
import { formatDuration, formatPercent, formatSpeed, text } from "./text.ts";
import { Thought } from "./thought.tsx";
import type { MessageProps } from "./userMessage.tsx";
import { send } from "./vscodeApi.ts";

const noteTexts: Readonly<Record<Exclude<ReplyNote, "">, ViewStringKey>> = {
  stopped: "noteStopped",
  loop: "noteLoop",
  maxTokens: "noteMaxTokens",
  interrupted: "noteInterrupted",
};

export function ReplyMessage({
  turn,
  isLast,
  busy,
  findInThought,
}: MessageProps & { readonly findInThought: boolean }) {
  const isRunning = turn.status === "pending" || turn.status === "prefilling" || turn.status === "streaming";
  return (
    <section class="message reply">
      <div class="who">
        <span class="name">{text("appName")}</span>
        <Timing turn={turn} />
        <span class="space" />
        {isRunning ? null : <ReplyActions turn={turn} isLast={isLast} busy={busy} />}
      </div>
      {turn.thought === "" ? null : <Thought turn={turn} forceOpen={findInThought} />}
      <Progress turn={turn} />
      {turn.reply === "" ? null : (
        <div data-part="reply">
          <MarkdownView source={turn.reply} streaming={turn.status === "streaming"} />
        </div>
      )}
      {turn.note === "" ? null : (
        <p class="note">
          <Icon name={turn.note === "stopped" ? "debug-stop" : "warning"} />
          {text(noteTexts[turn.note])}
        </p>
      )}
      {turn.error === null || turn.note === "interrupted" ? null : (
        <p class="note is-error">
          <Icon name="error" />
          <span>{turn.error.message}</span>
        </p>
      )}
    </section>
  );
}

function Timing({ turn }: { readonly turn: TurnView }) {
  if (turn.timeToFirstTokenMs <= 0) return null;
  return (
    <span>
      <span title={text("timeToFirstToken")}>{formatDuration(turn.timeToFirstTokenMs)}</span>
      {turn.tokensPerSecond > 0 ? ` · ${formatSpeed(turn.tokensPerSecond)}` : null}
    </span>
  );
}

/** What happens before the first word. */
function Progress({ turn }: { readonly turn: TurnView }) {
  if (turn.reply !== "" || turn.thought !== "") return null;
  if (turn.status === "pending") return <p class="progress is-working">{text("waiting")}</p>;
  if (turn.status !== "prefilling") return null;
  return <p class="progress is-working">{text("reading", formatPercent(turn.prefill))}</p>;
}

function ReplyActions({ turn, isLast, busy }: MessageProps) {
  const { id } = turn;
  const canChange = isLast && !busy;
  const canContinue = canChange && turn.reply !== "" && turn.note !== "" && turn.note !== "loop";
  return (
    <span class="actions">
      {canContinue ? (
        <IconButton
          key="continue"
          icon="debug-continue"
          label={text("continueReply")}
          testId="continue"
          onClick={() => send({ type: "continueReply" })}
        />
      ) : null}
      {canChange ? (
        <IconButton
          key="regenerate"
          icon="refresh"
          label={text("regenerate")}
          testId="regenerate"
          onClick={() => send({ type: "regenerate" })}
        />
      ) : null}
      {turn.reply === "" ? null : (
        <IconButton
          key="copy"
          icon="copy"
          label={text("copyReply")}
          onClick={() => send({ type: "copyTurn", id, part: "reply" })}
        />
      )}
    </span>
  );
}
