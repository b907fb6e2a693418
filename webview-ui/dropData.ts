/** What the browser says about things that are dragged; a part of `DataTransfer`. */
export interface DraggedData {
  readonly types: readonly string[];
  getData(type: string): string;
}

const uriLists = ["application/vnd.code.uri-list", "text/uri-list"];

/** Whether what is dragged can be attached. */
export function canAttach(types: readonly string[]): boolean {
  return types.some((type) => ["files", "codeeditors", "resourceurls", ...uriLists].includes(type.toLowerCase()));
}

/** The files that were dropped: from VS Code's explorer and tabs, or from elsewhere on this machine. */
export function droppedUris(data: DraggedData): string[] {
  for (const type of uriLists) {
    const uris = data
      .getData(type)
      .split(/\r?\n/)
      .filter((line) => line !== "" && !line.startsWith("#"));
    if (uris.length > 0) return uris;
  }
  try {
    const resources: unknown = JSON.parse(data.getData("ResourceURLs"));
    if (Array.isArray(resources)) return resources.filter((uri) => typeof uri === "string");
  } catch {
    // Not from VS Code.
  }
  return [];
}
