/** Goes through what was written before, as a shell does. Pure: where it stands is the text that it gave last. */
export class PromptHistory {
  private place: number | undefined;
  private shown = "";

  /** @param messages oldest first @param step −1: older, 1: newer. Undefined: the key has its usual meaning */
  move(messages: readonly string[], text: string, step: -1 | 1): string | undefined {
    const inHistory = this.place !== undefined && text === this.shown;
    if (!inHistory && (text !== "" || step === 1)) return undefined;
    const place = (inHistory ? (this.place ?? messages.length) : messages.length) + step;
    if (place < 0) return text;
    this.place = place >= messages.length ? undefined : place;
    this.shown = messages[place] ?? "";
    return this.shown;
  }
}
