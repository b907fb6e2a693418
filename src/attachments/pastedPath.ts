/** Whether a pasted text may be the path of a file: one line with a slash or an ending, and nothing that no path has. */
export function looksLikePath(text: string): boolean {
  const line = text.trim();
  if (line.length < 3 || line.length > 1000 || /[\n\r\t<>|"*;{}]/.test(line) || /^https?:/i.test(line)) return false;
  if (/^(file|vscode-[a-z]+|untitled):/i.test(line)) return true;
  return /[/\\]/.test(line) ? /[\w)]$/.test(line) && !/\s{2}/.test(line) : /^[\w.-]+\.[A-Za-z]\w{0,9}$/.test(line);
}
