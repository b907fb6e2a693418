import type { Event } from "../base/disposable.ts";

/** Where an attachment comes from. Lines are counted from 1, both included; 0 and 0: the whole file. */
export type AttachmentSource =
  | { readonly kind: "file"; readonly uri: string; readonly firstLine: number; readonly lastLine: number }
  | {
      readonly kind: "symbol";
      readonly uri: string;
      readonly name: string;
      readonly firstLine: number;
      readonly lastLine: number;
    }
  | { readonly kind: "folder"; readonly uri: string }
  | { readonly kind: "problems" }
  | { readonly kind: "text"; readonly name: string; readonly text: string };

/** What was read. `uri` is empty where there is nothing to open. */
export interface ReadAttachment {
  readonly label: string;
  /** More about it, for a tooltip: the path, say. */
  readonly detail: string;
  /** As the model reads it: a fenced block under a line that names the file and its lines. */
  readonly text: string;
  readonly uri: string;
  readonly firstLine: number;
  readonly lastLine: number;
  /** Something the user should know about it, in words; empty: nothing. */
  readonly hint: string;
}

/** A text file as it is now: what stands in its editor, unsaved or not, goes before what is on the disk. */
export interface FileText {
  /** Relative to the workspace folder, whose name stands in front where there are several. */
  readonly path: string;
  readonly text: string;
  readonly languageId: string;
  /** Whether the ignore rules of the workspace leave it out. */
  readonly ignored: boolean;
}

export interface Candidate {
  readonly uri: string;
  readonly path: string;
  readonly isFolder: boolean;
  /** Open in an editor: what is worked on comes first. */
  readonly isOpen: boolean;
}

export interface SymbolCandidate {
  readonly uri: string;
  readonly path: string;
  readonly name: string;
  readonly container: string;
  readonly firstLine: number;
  readonly lastLine: number;
}

export interface Problem {
  readonly path: string;
  readonly line: number;
  readonly severity: "error" | "warning" | "information";
  readonly message: string;
  /** The line that it is about. */
  readonly code: string;
}

export interface FolderEntry {
  readonly depth: number;
  readonly name: string;
  readonly isFolder: boolean;
}

/** What the attachments need of the workbench. Implemented with vscode, and in memory by tests. Errors: `attachment-*`. */
export interface AttachmentWorkspace {
  /** A file that has changed, by its URI. */
  readonly onDidChangeFile: Event<string>;
  read(uri: string): Promise<FileText>;
  /** The selected lines of the editor that was used last; with nothing selected, its whole file. */
  selection(): Promise<Extract<AttachmentSource, { readonly kind: "file" }> | undefined>;
  /** Of the file that was looked at last, or, where it has none, of all files. */
  problems(): Promise<readonly Problem[]>;
  outline(uri: string): Promise<{
    readonly path: string;
    readonly entries: readonly FolderEntry[];
    /** Whether there are more. */
    readonly cut: boolean;
  }>;
  /** Files and folders that are not ignored. */
  candidates(): Promise<readonly Candidate[]>;
  symbols(query: string): Promise<readonly SymbolCandidate[]>;
  /** The file or folder that a text names, if it is one: a URI, an absolute path, or one in the workspace. */
  find(path: string): Promise<{ readonly uri: string; readonly isFolder: boolean } | undefined>;
  open(uri: string, firstLine: number, lastLine: number): Promise<void>;
  /** Shows a text that is no file. */
  show(text: string): Promise<void>;
}
