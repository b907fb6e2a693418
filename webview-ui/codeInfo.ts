export interface CodeInfo {
  /** As the model named it, in lower case; empty if it did not. */
  readonly language: string;
  /** A path that the block claims to be about; empty if it names none. */
  readonly fileName: string;
}

/** Reads what stands behind the three backticks: `ts`, `ts src/main.ts`, `ts:src/main.ts`, `src/main.ts`, `ts title="main.ts"`. */
export function parseCodeInfo(info: string): CodeInfo {
  const titled = /(?:title|file|filename)=["']?([^"'\s]+)/i.exec(info)?.[1];
  const words = info.trim().split(/\s+/);
  const [first = "", second = ""] = words;
  const [, language = "", joined = ""] = /^([\w+#.-]*?):(.+)$/.exec(first) ?? [];
  if (joined !== "") return { language: language.toLowerCase(), fileName: titled ?? joined };
  if (looksLikeFile(first)) return { language: extensionOf(first), fileName: titled ?? first };
  const named = looksLikeFile(second) ? second : "";
  return { language: first.replace(/[^\w+#.-].*$/, "").toLowerCase(), fileName: titled ?? named };
}

function looksLikeFile(word: string): boolean {
  return /^[\w@./\\-]+\.[a-z]\w{0,7}$/i.test(word) && !/^\w+\.(?:js)$/i.test(word)
    ? true
    : /[\\/][\w.-]+\.\w+$/.test(word);
}

function extensionOf(path: string): string {
  return (/\.(\w+)$/.exec(path)?.[1] ?? "").toLowerCase();
}
