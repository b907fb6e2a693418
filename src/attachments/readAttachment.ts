import { DaylongError } from "../base/errors.ts";
import type { AttachmentSource, AttachmentWorkspace, ReadAttachment } from "./attachment.ts";
import { fileText, labelOf, linesOf, outlineText, pastedText, problemsText } from "./attachmentText.ts";
import { assertNotHuge } from "./fileBytes.ts";

type Translate = (message: string, ...values: (string | number)[]) => string;

/** Texts that a reader of attachments may say. */
export const attachmentTexts = {
  pastedText: "Pasted text, {0} lines",
  pastedLine: "Pasted text",
  problem: "1 problem",
  problems: "{0} problems",
  ignored: "The ignore rules of the workspace leave {0} out of searches. You attached it all the same.",
  cutFolder: "The folder holds more: only its first {0} entries are attached.",
} as const;

const noPlace = { uri: "", firstLine: 0, lastLine: 0 };

/** Reads what a source names, as it is now. Errors: `attachment-*`. */
export async function readAttachment(
  workspace: AttachmentWorkspace,
  source: AttachmentSource,
  translate: Translate,
): Promise<ReadAttachment> {
  switch (source.kind) {
    case "file":
    case "symbol": {
      const { path, text, languageId, ignored } = await workspace.read(source.uri);
      const { firstLine, lastLine, uri } = source;
      const code = linesOf(text, source);
      if (code.trim() === "")
        throw new DaylongError("attachment-empty", `There is nothing in ${labelOf(path, source)}.`);
      const name = source.kind === "symbol" ? source.name : "";
      return {
        label: name === "" ? labelOf(path, source) : name,
        detail: name === "" ? labelled(path, source) : `${name} · ${labelled(path, source)}`,
        text: fileText(path, source, code, languageId, name),
        uri,
        firstLine,
        lastLine,
        hint: ignored ? translate(attachmentTexts.ignored, labelOf(path, source)) : "",
      };
    }
    case "folder": {
      const { path, entries, cut } = await workspace.outline(source.uri);
      if (entries.length === 0) throw new DaylongError("attachment-empty", `There is nothing in ${path}.`);
      const text = outlineText(path, entries, cut);
      const hint = cut ? translate(attachmentTexts.cutFolder, entries.length) : "";
      return {
        ...noPlace,
        label: `${path.slice(path.lastIndexOf("/") + 1)}/`,
        detail: `${path}/`,
        text,
        uri: source.uri,
        hint,
      };
    }
    case "problems": {
      const problems = await workspace.problems();
      if (problems.length === 0) {
        throw new DaylongError("attachment-empty", "There are no problems in the Problems view.");
      }
      const label =
        problems.length === 1
          ? translate(attachmentTexts.problem)
          : translate(attachmentTexts.problems, problems.length);
      const detail = problems.slice(0, 5).map(({ path, line, message }) => `${path}:${line} ${message}`);
      return { ...noPlace, label, detail: detail.join("\n"), text: problemsText(problems), hint: "" };
    }
    case "text": {
      const { name, text } = source;
      if (text.trim() === "") throw new DaylongError("attachment-empty", "There is nothing in it.");
      assertNotHuge(name, text.length);
      if (text.includes("\0")) {
        throw new DaylongError("attachment-binary", `${name} is not a text file, so the model cannot read it.`);
      }
      const lines = text.split("\n").length;
      const pasted = lines === 1 ? translate(attachmentTexts.pastedLine) : translate(attachmentTexts.pastedText, lines);
      return { ...noPlace, label: name === "" ? pasted : name, detail: "", text: pastedText(name, text), hint: "" };
    }
  }
}

function labelled(path: string, range: { readonly firstLine: number; readonly lastLine: number }): string {
  return path.slice(0, path.lastIndexOf("/") + 1) + labelOf(path, range);
}
