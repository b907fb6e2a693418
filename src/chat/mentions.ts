import type { AttachmentSource, AttachmentWorkspace } from "../attachments/attachment.ts";
import { labelOf } from "../attachments/attachmentText.ts";
import { rank } from "../attachments/fuzzyMatch.ts";
import type { CompletionItem } from "../messages/chatMessages.ts";

/** Rows of the list at most. */
const most = 40;

export const mentionTexts = {
  selection: "Selection",
  currentFile: "The file in the editor",
  problems: "Problems",
  problemsDetail: "What the editor reports about the code",
  folder: "Folder outline…",
  folderDetail: "The names of the files in a folder",
  symbol: "Symbol…",
  symbolDetail: "A function, a class: its code",
} as const;

interface Mention {
  readonly item: Omit<CompletionItem, "id" | "marks">;
  /** Undefined: the row leads to another list. */
  readonly source?: AttachmentSource;
}

/** The list under `@`, and what its rows stand for. */
export class Mentions {
  private sources = new Map<string, AttachmentSource>();

  constructor(
    private readonly workspace: AttachmentWorkspace,
    private readonly translate: (text: string) => string,
  ) {}

  /** What a row of the newest list attaches. */
  find(id: string): AttachmentSource | undefined {
    return this.sources.get(id);
  }

  /** `folder:` and `symbol:` in front of a query ask for those only. */
  async complete(query: string): Promise<CompletionItem[]> {
    const [, kind = "", rest = ""] = /^(?:(folder|symbol):)?(.*)$/s.exec(query) ?? [];
    const rows =
      kind === "symbol"
        ? await this.symbols(rest)
        : kind === "folder"
          ? await this.folders(rest)
          : await this.all(rest);
    this.sources = new Map();
    return rows.map(({ item, source, marks }, index) => {
      const id = `${index}.${item.insert}`.slice(0, 200);
      if (source !== undefined) this.sources.set(id, source);
      return { ...item, id, marks };
    });
  }

  private async all(query: string): Promise<(Mention & { marks: readonly number[] })[]> {
    const [specials, candidates] = await Promise.all([this.specials(), this.workspace.candidates()]);
    const first = rank(specials, query, most, ({ item }) => item.label);
    const files = candidates.filter(({ isFolder }) => !isFolder);
    const found = rank(
      files,
      query,
      most - first.length,
      ({ path }) => path,
      ({ isOpen }) => (isOpen ? 10 : 0),
    );
    return [
      ...first.map(({ item, marks }) => ({ ...item, marks })),
      ...found.map(({ item: { uri, path }, marks }) => ({
        ...placed(path, "file", marks),
        source: { kind: "file" as const, uri, firstLine: 0, lastLine: 0 },
      })),
    ];
  }

  private async folders(query: string): Promise<(Mention & { marks: readonly number[] })[]> {
    const folders = (await this.workspace.candidates()).filter(({ isFolder }) => isFolder);
    return rank(folders, query, most, ({ path }) => path).map(({ item: { uri, path }, marks }) => ({
      ...placed(path, "folder", marks),
      source: { kind: "folder" as const, uri },
    }));
  }

  private async symbols(query: string): Promise<(Mention & { marks: readonly number[] })[]> {
    const symbols = await this.workspace.symbols(query);
    return rank(symbols, query, most, ({ name }) => name).map(({ item, marks }) => ({
      item: {
        icon: "symbol-method",
        label: item.name,
        detail: [item.container, labelOf(item.path, item)].filter((part) => part !== "").join(" · "),
        insert: `@${item.name} `,
        then: "attach" as const,
      },
      source: {
        kind: "symbol" as const,
        uri: item.uri,
        name: item.name,
        firstLine: item.firstLine,
        lastLine: item.lastLine,
      },
      marks,
    }));
  }

  private async specials(): Promise<Mention[]> {
    const { translate } = this;
    const selection = await this.workspace.selection();
    const name = selection === undefined ? "" : labelOf(decodeURIComponent(new URL(selection.uri).pathname), selection);
    const whole = selection?.firstLine === 0;
    return [
      ...(selection === undefined
        ? []
        : [
            {
              item: {
                icon: whole ? "file" : "list-selection",
                label: translate(whole ? mentionTexts.currentFile : mentionTexts.selection),
                detail: name,
                insert: `@${name} `,
                then: "attach" as const,
              },
              source: selection,
            },
          ]),
      {
        item: {
          icon: "warning",
          label: translate(mentionTexts.problems),
          detail: translate(mentionTexts.problemsDetail),
          insert: `@${translate(mentionTexts.problems)} `,
          then: "attach",
        },
        source: { kind: "problems" },
      },
      {
        item: {
          icon: "folder",
          label: translate(mentionTexts.folder),
          detail: translate(mentionTexts.folderDetail),
          insert: "@folder:",
          then: "list",
        },
      },
      {
        item: {
          icon: "symbol-method",
          label: translate(mentionTexts.symbol),
          detail: translate(mentionTexts.symbolDetail),
          insert: "@symbol:",
          then: "list",
        },
      },
    ];
  }
}

/** A row for a path: its name in front, with the marks that fall into it, and the folder behind. */
function placed(
  path: string,
  icon: "file" | "folder",
  marks: readonly number[],
): Mention & { marks: readonly number[] } {
  const start = path.lastIndexOf("/") + 1;
  const name = path.slice(start);
  return {
    item: { icon, label: name, detail: path.slice(0, Math.max(0, start - 1)), insert: `@${name} `, then: "attach" },
    marks: marks.filter((place) => place >= start).map((place) => place - start),
  };
}
