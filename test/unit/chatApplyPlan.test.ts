import assert from "node:assert/strict";
import { applyTo, planApply } from "../../src/chat/applyPlan.ts";

const file = `import { a } from "./a.ts";

class Table {
  sort(rows: Row[]): Row[] {
    return rows;
  }

  size(): number {
    return 3;
  }
}
`;
const cursor = { start: 0, end: 0 };

function applied(document: string, code: string, selection = cursor): string {
  return applyTo(document, planApply(document, selection, code));
}

describe("applying a code block to a file", () => {
  it("replaces a selection, whatever it is", () => {
    const start = file.indexOf("return rows");
    const selection = { start, end: start + "return rows".length };
    assert.equal(applied(file, "return [...rows]\n", selection), file.replace("return rows", "return [...rows]"));
  });

  it("fills an empty file", () => {
    assert.equal(applied("", "const a = 1;"), "const a = 1;\n");
  });

  it("replaces the function that begins and ends with the same lines, and keeps its margin", () => {
    const code = "sort(rows: Row[]): Row[] {\n  rows.sort();\n  return rows;\n}\n";
    assert.equal(applied(file, code), file.replace("    return rows;", "    rows.sort();\n    return rows;"));
  });

  it("replaces the whole file by a new version of it", () => {
    const code = file.replace("return 3", "return 4").replace('import { a } from "./a.ts";\n', "// sorted\n");
    assert.equal(applied(file, code), code);
  });

  it("puts what is new at the cursor, on a line of its own", () => {
    const at = file.indexOf('"./a.ts";') + 9;
    const result = applied(file, "const b = 2;", { start: at, end: at });
    assert.ok(result.startsWith('import { a } from "./a.ts";\nconst b = 2;\n'));
    assert.equal(result.length, file.length + "\nconst b = 2;\n".length);
  });

  it("does not guess where the first line is there twice", () => {
    const twice = "x();\nif (a) {\n  one();\n}\nif (a) {\n  two();\n}\ny();\nz();\nlast();\nmore();\n";
    const result = applied(twice, "if (a) {\n  three();\n}");
    assert.ok(result.startsWith("if (a) {\n  three();\n}\n") && result.endsWith(twice));
  });

  it("keeps the file's own line breaks", () => {
    const windows = file.replaceAll("\n", "\r\n");
    const result = applied(windows, "sort(rows: Row[]): Row[] {\n  return [];\n}");
    assert.equal(result, windows.replace("return rows", "return []"));
    assert.doesNotMatch(result, /[^\r]\n/);
  });
});
