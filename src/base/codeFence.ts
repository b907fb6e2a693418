/** What models call a language above code, where VS Code's own id differs. */
const fenceNames: Readonly<Record<string, string>> = {
  typescript: "ts",
  typescriptreact: "tsx",
  javascript: "js",
  javascriptreact: "jsx",
  shellscript: "bash",
  plaintext: "",
};

/** The lines of a fenced code block around `code`: longer than any row of backticks in it, which would end it early. */
export function fenceOf(code: string, languageId: string): { readonly open: string; readonly close: string } {
  const longest = Math.max(2, ...[...code.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length));
  const ticks = "`".repeat(longest + 1);
  return { open: `${ticks}${fenceNames[languageId] ?? languageId}\n`, close: `${ticks}\n` };
}

/** A whole code block. */
export function codeBlock(code: string, languageId: string): string {
  const { open, close } = fenceOf(code, languageId);
  return `${open}${code.replace(/\n$/, "")}\n${close}`;
}
