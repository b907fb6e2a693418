const narrow = /[ijlft.,:;'|!()[\]{}I\s/-]/;
const wide = /[mwMW@%—…]/;
const upper = /[A-Z0-9]/;

/**
 * How wide a line of text is at most, in units of the picture. There is no browser to ask and no telling which font the
 * reader has, so this is what a broad one (DejaVu Sans) takes: with a narrower one there is some room left over.
 */
export function textWidth(text: string, fontSize: number): number {
  let width = 0;
  for (const letter of text) {
    if (narrow.test(letter)) width += 0.42;
    else if (wide.test(letter)) width += 0.98;
    else if (upper.test(letter)) width += 0.67;
    else width += letter.charCodeAt(0) > 0x2000 ? 1 : 0.62;
  }
  return width * fontSize;
}

/** Breaks a text between words, so that no line is wider than this. */
export function brokenInto(text: string, fontSize: number, most: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1) ?? ""} ${word}`.trim();
    if (lines.length > 0 && textWidth(longer, fontSize) <= most) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
