import type { EngineEvent } from "../engine/engine.ts";
import type { Transcript } from "./transcript.ts";

/** Draws what the engine does for a reply into its turn. `running`: the turn that is being answered. */
export function showProgress(transcript: Transcript, running: string, event: EngineEvent): void {
  const turn = transcript.find(running);
  if (turn === undefined) return;
  switch (event.type) {
    case "prefill":
    case "recompute": {
      // A model that cannot shift reads what is kept again: that keeps the reader waiting only before the first word.
      const concerns = event.type === "prefill" ? event.id === running : turn.reply === "";
      const prefill = event.total > 0 ? event.done / event.total : 0;
      if (concerns) transcript.change(running, { status: "prefilling", prefill });
      return;
    }
    case "text":
      if (event.id !== running) return;
      if (turn.status !== "streaming") transcript.change(running, { status: "streaming" });
      transcript.append(running, event.channel, event.text);
      return;
    case "cache":
    case "loading":
  }
}
