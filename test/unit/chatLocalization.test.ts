import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { attachmentTexts } from "../../src/attachments/readAttachment.ts";
import { errorTexts } from "../../src/chat/errorText.ts";
import { statusTexts } from "../../src/chat/statusItem.ts";
import { mentionTexts } from "../../src/chat/mentions.ts";
import { slashCommands } from "../../src/chat/slashCommands.ts";
import { helpTexts } from "../../src/chat/slashRunner.ts";
import { measureTexts } from "../../src/measure/measureTexts.ts";
import { viewStrings } from "../../src/messages/viewStrings.ts";

const root = path.resolve(import.meta.dirname, "../..");
const read = (name: string): string => readFileSync(path.join(root, name), "utf8");
const readStrings = (name: string): Record<string, string> => JSON.parse(read(name)) as Record<string, string>;

/** All texts given to `l10n.t("…")` in the source. */
function textsInSource(): string[] {
  const files = readdirSync(path.join(root, "src"), { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => [...read(path.join("src", file)).matchAll(/l10n\.t\(\s*("(?:[^"\\]|\\.)*")/g)])
    .map(([, literal = '""']) => JSON.parse(literal) as string);
}

function placeholders(text: string): string[] {
  return [...text.matchAll(/\{\d\}/g)].map(([placeholder]) => placeholder).sort();
}

describe("the second language", () => {
  const german = readStrings("l10n/bundle.l10n.de.json");
  const english = [
    ...[viewStrings, errorTexts, statusTexts, attachmentTexts, mentionTexts, measureTexts].flatMap((texts) =>
      Object.values<string>(texts),
    ),
    ...slashCommands.map(({ does }) => does),
    ...helpTexts,
    ...textsInSource(),
  ];

  it("finds the texts of the source", () => {
    assert.ok(textsInSource().length >= 8);
  });

  it("has every text, and none that is gone", () => {
    assert.deepEqual(Object.keys(german).sort(), [...new Set(english)].sort());
  });

  it("fills in the same values", () => {
    for (const [text, translation] of Object.entries(german)) {
      assert.deepEqual(placeholders(translation), placeholders(text), text);
      assert.notEqual(translation.trim(), "", text);
    }
  });

  it("is another language", () => {
    const same = Object.entries(german).filter(([text, translation]) => text === translation);
    const alike = ["Daylong", "Text", "Code, {0}", "{0} ms", "{0} s", "{0} min {1} s"];
    assert.deepEqual(same.map(([text]) => text).sort(), alike.sort());
  });

  it("has every text of the manifest, and the manifest uses them all", () => {
    const used = [...read("package.json").matchAll(/"%([\w.]+)%"/g)].map(([, name = ""]) => name);
    assert.deepEqual(Object.keys(readStrings("package.nls.json")).sort(), [...new Set(used)].sort());
    assert.deepEqual(Object.keys(readStrings("package.nls.de.json")).sort(), [...new Set(used)].sort());
  });

  it("is used by the view for every text of its own", () => {
    const folder = path.join(root, "webview-ui");
    const source = readdirSync(folder)
      .filter((file) => /\.tsx?$/.test(file))
      .map((file) => readFileSync(path.join(folder, file), "utf8"))
      .join("\n");
    const unused = Object.keys(viewStrings).filter((key) => !source.includes(`"${key}"`));
    assert.deepEqual(unused, []);
  });
});
