import type { EngineEvent } from "../engine.ts";

/** Text is sent on in pieces of this many milliseconds: faster than the eye, slower than the tokens. */
const period = 30;

/** Joins text events that follow each other closely. The first piece goes out at once, and order is kept. */
export class TextBatcher {
  private waiting: Extract<EngineEvent, { type: "text" }> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private lastSent = 0;

  constructor(private readonly send: (event: EngineEvent) => void) {}

  push(event: EngineEvent): void {
    const { waiting } = this;
    if (event.type === "text" && waiting?.id === event.id && waiting.channel === event.channel) {
      this.waiting = { ...event, text: waiting.text + event.text };
      return;
    }
    this.flush();
    if (event.type !== "text") {
      this.send(event);
      return;
    }
    this.waiting = event;
    const left = this.lastSent + period - performance.now();
    if (left <= 0) this.flush();
    else this.timer = setTimeout(() => this.flush(), left);
  }

  flush(): void {
    clearTimeout(this.timer);
    const event = this.waiting;
    this.waiting = undefined;
    if (event === undefined) return;
    this.lastSent = performance.now();
    this.send(event);
  }
}
