export type DayGroup = "today" | "yesterday" | "earlier";

/** Where something belongs in a list by days of the local calendar. Times in milliseconds since the epoch. */
export function dayGroupOf(at: number, now: number): DayGroup {
  const today = new Date(now);
  const midnight = new Date(today.getFullYear(), today.getMonth(), today.getDate());
  if (at >= midnight.getTime()) return "today";
  // Not 24 hours: the day on which the clock changes has another length.
  midnight.setDate(midnight.getDate() - 1);
  return at >= midnight.getTime() ? "yesterday" : "earlier";
}
