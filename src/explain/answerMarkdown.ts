/**
 * Makes a model's markdown harmless to show: no picture is loaded from anywhere (that would tell somebody what is being
 * read). Code is left as it is. A code block that is still open at the end is closed, so that what comes after it is
 * not taken for code.
 */
export function harmlessMarkdown(text: string): string {
  const lines = text.split("\n");
  let fence: string | undefined;
  const shown = lines.map((line) => {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence === undefined) {
      if (mark === undefined) return withoutPictures(line);
      fence = mark;
    } else if (mark?.startsWith(fence) === true && line.trim() === mark) {
      fence = undefined;
    }
    return line;
  });
  if (fence !== undefined) shown.push(fence);
  return shown.join("\n");
}

/** Inline code keeps its text; anywhere else a picture becomes a link. */
function withoutPictures(line: string): string {
  return line
    .split(/(`+[^`]*`+)/)
    .map((piece) => (piece.startsWith("`") ? piece : piece.replace(/!(?=\[)/g, "!\u200b").replace(/<img/gi, "&lt;img")))
    .join("");
}

/** Markdown that shows a text as it is, line by line. */
export function plainText(text: string): string {
  return text
    .replace(/[\\`*_{}[\]()#+\-.!~|<>&]/g, "\\$&")
    .split("\n")
    .join("  \n");
}
