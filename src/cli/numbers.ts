import { DaylongError } from "../base/errors.ts";

/** The engine counts tokens and seeds in 32 bits. */
const largest = 2 ** 32 - 1;

/** @throws DaylongError `usage` */
export function number(
  value: string | undefined,
  name: string,
  least: number,
  most = Number.POSITIVE_INFINITY,
): number | undefined {
  if (value === undefined) return undefined;
  const parsed = Number(value);
  if (value.trim() === "" || !Number.isFinite(parsed) || parsed < least || parsed > most) {
    const range = Number.isFinite(most) ? `from ${least} to ${most}` : `of at least ${least}`;
    throw new DaylongError("usage", `${name} must be a number ${range}, not "${value}".`);
  }
  return parsed;
}

/** @throws DaylongError `usage` */
export function wholeNumber(value: string | undefined, name: string, least: number): number | undefined {
  const parsed = number(value, name, least);
  if (parsed === undefined || (Number.isInteger(parsed) && parsed <= largest)) return parsed;
  throw new DaylongError("usage", `${name} must be a whole number of ${least} to ${largest}, not "${value ?? ""}".`);
}
