import type { SpanView } from "../src/messages/chatMessages.ts";

export interface RibbonSpan {
  readonly kind: SpanView["kind"] | "free";
  readonly turnId: string | undefined;
  readonly tokens: number;
  /** The same for the same span as long as it is there. */
  readonly key: string;
  /** Where it begins, as a part of the window: 0…1. */
  readonly start: number;
  /** Its part of the window: 0…1. */
  readonly size: number;
  /** Whether a line is drawn before it. */
  readonly separated: boolean;
  /** Which of two shades it has. */
  readonly shade: 0 | 1;
}

/** Pixels: turns that are thinner are drawn as one, so that a hundred of them are not a bar code. */
const leastWidth = 4;

/**
 * The window from end to end, to scale. Each span stays what it is, to be pointed at and to be read out; only the lines
 * and shades between neighbours that are too thin to tell apart are left out. `width`: pixels for the whole window.
 */
export function ribbonSpans(spans: readonly SpanView[], windowSize: number, width: number): RibbonSpan[] {
  if (windowSize === 0) return [];
  const used = spans.reduce((sum, span) => sum + span.tokens, 0);
  const all: { kind: RibbonSpan["kind"]; turnId?: string; tokens: number }[] = [...spans];
  if (used < windowSize) all.push({ kind: "free", tokens: windowSize - used });
  const seen = new Map<string, number>();
  let position = 0;
  let drawn = Number.POSITIVE_INFINITY;
  let shade: 0 | 1 = 0;
  return all.map(({ kind, turnId, tokens }, index) => {
    const name = turnId ?? kind;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    const pixels = (tokens / windowSize) * width;
    const separated = index > 0 && (kind !== all[index - 1]?.kind || drawn >= leastWidth);
    if (separated) {
      shade = shade === 0 ? 1 : 0;
      drawn = 0;
    }
    drawn = index === 0 ? pixels : drawn + pixels;
    const start = position / windowSize;
    position += tokens;
    return { kind, turnId, tokens, key: `${name}.${count}`, start, size: tokens / windowSize, separated, shade };
  });
}
