/** A `/` or `@` with what was typed behind it, in front of the cursor. */
export interface TypedMark {
  readonly trigger: "/" | "@";
  /** Place of the mark, in UTF-16 code units. */
  readonly start: number;
  readonly query: string;
}

/** A command stands at the beginning of the message; a mention at the beginning of a word. */
export function typedMark(text: string, cursor: number): TypedMark | undefined {
  const before = text.slice(0, cursor);
  const command = /^\s*\/([a-z]*)$/i.exec(before);
  if (command !== null) return { trigger: "/", start: before.indexOf("/"), query: (command[1] ?? "").toLowerCase() };
  const mention = /(?:^|[\s([{"'])@([^\s@]*)$/.exec(before);
  if (mention === null) return undefined;
  const query = mention[1] ?? "";
  return { trigger: "@", start: cursor - query.length - 1, query };
}
