import { useEffect, useRef } from "preact/hooks";
import type { TurnView } from "../src/messages/chatMessages.ts";
import { SentenceReader } from "./speech.ts";
import { turns } from "./store.ts";
import { text } from "./text.ts";

/** Most sentences kept in the region; a screen reader hears each when it is added. */
const maximalSentences = 30;

/** Reads a reply to a screen reader while it is written, sentence by sentence. Nobody sees it. */
export function LiveRegion() {
  const region = useRef<HTMLDivElement>(null);
  const reader = useRef<TurnReader>(undefined);
  const last = turns.value.at(-1);
  useEffect(() => {
    if (last === undefined) return;
    reader.current ??= new TurnReader();
    for (const sentence of reader.current.follow(last)) {
      const line = document.createElement("p");
      line.dir = "auto";
      line.textContent = sentence;
      region.current?.append(line);
    }
    while ((region.current?.children.length ?? 0) > maximalSentences) region.current?.firstElementChild?.remove();
  }, [last]);
  return <div ref={region} class="visually-hidden" role="log" aria-live="polite" data-testid="live-region" />;
}

/** Follows the newest turn from the moment in which it is first seen running. */
class TurnReader {
  private sentences: SentenceReader | undefined;
  private id: string | undefined;
  private thinking = false;

  follow(turn: TurnView): string[] {
    const running = turn.status === "pending" || turn.status === "prefilling" || turn.status === "streaming";
    const spoken: string[] = [];
    if (running && (this.sentences === undefined || this.id !== turn.id)) {
      this.id = turn.id;
      this.thinking = false;
      this.sentences = new SentenceReader({ code: text("spokenCode"), table: text("spokenTable") });
      spoken.push(text("spokenReplying"));
    }
    if (this.sentences === undefined || this.id !== turn.id) return spoken;
    if (!this.thinking && turn.thought !== "" && turn.reply === "") {
      this.thinking = true;
      spoken.push(text("spokenThinking"));
    }
    spoken.push(...this.sentences.read(turn.reply, !running));
    if (running) return spoken;
    this.sentences = undefined;
    if (turn.error !== null) spoken.push(text("spokenFailed", turn.error.message));
    else spoken.push(text(turn.status === "stopped" ? "spokenStopped" : "spokenDone"));
    return spoken;
  }
}
