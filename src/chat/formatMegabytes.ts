/** Bytes as megabytes in the words of a language: whole ones, and tenths below ten. */
export function formatMegabytes(bytes: number, language: string): string {
  const megabytes = bytes / 1024 ** 2;
  return megabytes.toLocaleString(language, { maximumFractionDigits: megabytes < 10 ? 1 : 0 });
}
