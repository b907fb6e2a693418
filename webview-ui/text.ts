import type { ViewStringKey } from "../src/messages/viewStrings.ts";
import { strings } from "./store.ts";

/** The text of that name in the user's language, with `{0}`, `{1}` … filled in. */
export function text(key: ViewStringKey, ...values: readonly (string | number)[]): string {
  const pattern = strings.value[key] ?? "";
  return pattern.replace(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)] ?? ""));
}

const language = document.documentElement.lang || "en";
const numbers = new Intl.NumberFormat(language);
const decimals = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const percents = new Intl.NumberFormat(language, { style: "percent" });
const times = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
const datesAndTimes = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });

const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
const ages = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

/** In few characters: 12.4K. */
export function formatShort(value: number): string {
  return short.format(value);
}

/** How long ago; a time of day or a date when that is longer than a morning. `at`: epoch milliseconds. */
export function formatAge(at: number): string {
  const minutes = Math.floor((Date.now() - at) / 60_000);
  if (minutes < 1) return ages.format(0, "second");
  if (minutes < 60) return ages.format(-minutes, "minute");
  if (minutes < 300) return ages.format(-Math.floor(minutes / 60), "hour");
  return formatTime(at);
}

export function formatNumber(value: number): string {
  return numbers.format(value);
}

/** `fraction`: 0…1. */
export function formatPercent(fraction: number): string {
  return percents.format(Math.min(1, Math.max(0, fraction)));
}

/** The time of day; with the date if that is not today's. `at`: epoch milliseconds. */
export function formatTime(at: number): string {
  const isToday = new Date(at).toDateString() === new Date().toDateString();
  return (isToday ? times : datesAndTimes).format(at);
}

export function formatSpeed(tokensPerSecond: number): string {
  const value = tokensPerSecond < 10 ? decimals.format(tokensPerSecond) : numbers.format(Math.round(tokensPerSecond));
  return text("tokensPerSecond", value);
}

export function formatDuration(milliseconds: number): string {
  if (milliseconds < 95) return text("milliseconds", numbers.format(Math.ceil(milliseconds)));
  const seconds = milliseconds / 1000;
  if (seconds < 10) return text("seconds", decimals.format(seconds));
  if (seconds < 60) return text("seconds", numbers.format(Math.round(seconds)));
  return text("minutes", Math.floor(seconds / 60), Math.round(seconds % 60));
}
