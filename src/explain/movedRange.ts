/** A place in a document, counted from 0. */
export interface Place {
  readonly line: number;
  readonly character: number;
}

export interface PlaceRange {
  readonly start: Place;
  readonly end: Place;
}

/** One edit: what `range` held was replaced with `text`. */
export interface TextEdit {
  readonly range: PlaceRange;
  readonly text: string;
}

/**
 * Where a range is after an edit. What is typed at one of its ends stays outside. Where its end was replaced with other
 * text, it stays as near to its old place as that text reaches.
 */
export function movedRange(range: PlaceRange, edit: TextEdit): PlaceRange {
  const start = movedPlace(range.start, edit, true);
  const end = movedPlace(range.end, edit, false);
  return isBefore(end, start) ? { start, end: start } : { start, end };
}

function movedPlace(place: Place, { range, text }: TextEdit, isStart: boolean): Place {
  if (isBefore(place, range.start)) return place;
  const isInsertion = !isBefore(range.start, range.end);
  if (!isBefore(range.start, place) && !(isStart && isInsertion)) return place;
  const inserted = endOf(range.start, text);
  if (isBefore(place, range.end)) return isBefore(place, inserted) ? place : inserted;
  return {
    line: place.line - range.end.line + inserted.line,
    character:
      place.line === range.end.line ? place.character - range.end.character + inserted.character : place.character,
  };
}

function endOf(start: Place, text: string): Place {
  const lines = text.split(/\r\n|\r|\n/);
  const last = lines.at(-1) ?? "";
  return lines.length === 1
    ? { line: start.line, character: start.character + last.length }
    : { line: start.line + lines.length - 1, character: last.length };
}

function isBefore(left: Place, right: Place): boolean {
  return left.line < right.line || (left.line === right.line && left.character < right.character);
}
