import type { Column, Figure } from "../labResult.ts";

const defaultDigits = 4;

/** A figure as it is read in a table: so many significant digits, thousands apart, a dash where there is none. */
export function figureText(
  figure: Figure | undefined,
  { digits = defaultDigits }: Pick<Column, "digits"> = {},
): string {
  if (figure === null || figure === undefined) return "–";
  if (typeof figure === "string") return figure;
  if (!Number.isFinite(figure)) return Number.isNaN(figure) ? "–" : figure > 0 ? "∞" : "−∞";
  if (Number.isInteger(figure)) return grouped(String(Math.abs(figure)), figure);
  const size = Math.abs(figure);
  if (size < 1e-4 || size >= 1e15) return withMinus(figure.toExponential(digits - 1).replace("e+", "e"));
  if (size >= 10 ** (digits - 1)) return grouped(String(Math.round(size)), figure);
  return withMinus(figure.toPrecision(digits));
}

function grouped(whole: string, figure: number): string {
  return `${figure < 0 ? "−" : ""}${whole.replace(/\B(?=(\d{3})+$)/g, ",")}`;
}

function withMinus(text: string): string {
  return text.replace("-", "−").replace("e−", "e-");
}

/** What stands above a column; whose figures these are is said unless the name says so. */
export function columnName({ name, from }: Column): string {
  return from === undefined || name.toLowerCase().includes(from) ? name : `${name} (${from})`;
}

/** Columns of numbers are set to the right: those without a word in them. */
export function isNumeric(column: number, rows: readonly (readonly Figure[])[]): boolean {
  const cells = rows.map((row) => row[column] ?? null).filter((cell) => cell !== null);
  return (
    cells.length > 0 && cells.every((cell) => typeof cell === "number" || /^[≤≥<>±~]?\s*[\d.,]+\s*[×%]?$/.test(cell))
  );
}

export function secondsText(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
