import assert from "node:assert/strict";
import fc from "fast-check";
import { fileText, labelOf, linesOf, problemsText } from "../../src/attachments/attachmentText.ts";
import { assertIsText, assertNotHuge, largestFile } from "../../src/attachments/fileBytes.ts";
import { fuzzyMatch, rank } from "../../src/attachments/fuzzyMatch.ts";
import { IgnoreRules } from "../../src/attachments/ignoreRules.ts";
import { looksLikePath } from "../../src/attachments/pastedPath.ts";
import { readAttachment } from "../../src/attachments/readAttachment.ts";
import { MemoryWorkspace } from "../fixtures/memoryWorkspace.ts";

const english = (message: string, ...values: (string | number)[]): string =>
  values.reduce<string>((text, value, index) => text.replace(`{${index}}`, String(value)), message);

describe("what an attachment says to the model", () => {
  it("names the file and its lines over a fenced block", () => {
    assert.equal(
      fileText("src/table.ts", { firstLine: 2, lastLine: 3 }, "a\r\nb", "typescript"),
      "src/table.ts, lines 2-3:\n```ts\na\nb\n```\n\n",
    );
    assert.equal(
      fileText("a.md", { firstLine: 0, lastLine: 0 }, "```\nx\n```", "markdown").split("\n")[1],
      "````markdown",
    );
    assert.match(
      fileText("a.ts", { firstLine: 4, lastLine: 4 }, "x", "typescript", "sort"),
      /^a\.ts, line 4 \(sort\):/,
    );
  });

  it("is called by name and lines", () => {
    assert.equal(labelOf("src/table.ts", { firstLine: 0, lastLine: 0 }), "table.ts");
    assert.equal(labelOf("table.ts", { firstLine: 3, lastLine: 3 }), "table.ts:3");
    assert.equal(labelOf("src/table.ts", { firstLine: 3, lastLine: 9 }), "table.ts:3–9");
    assert.equal(linesOf("a\r\nb\nc\nd", { firstLine: 2, lastLine: 3 }), "b\nc");
  });

  it("lists problems with the line they are about", () => {
    const text = problemsText([{ path: "a.ts", line: 3, severity: "error", message: "no\n  such", code: "  x();" }]);
    assert.match(text, /\na\.ts:3: error: no such\n {4}x\(\);\n/);
  });
});

describe("files that cannot be attached", () => {
  const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

  it("are those that are no text", () => {
    assert.throws(() => assertIsText("a.png", bytes(0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 13)), {
      code: "attachment-binary",
    });
    assert.throws(() => assertIsText("a.bin", bytes(1, 2, 3, 4, 65, 66)), { code: "attachment-binary" });
    assertIsText("a.txt", new TextEncoder().encode("Grüße, 世界 \u001B[31m\r\n\t"));
    assertIsText("utf16.txt", bytes(0xff, 0xfe, 65, 0, 66, 0));
    assertIsText("empty", bytes());
  });

  it("are those of more than a megabyte, with their size in words", () => {
    assertNotHuge("a", largestFile);
    assert.throws(() => assertNotHuge("a.csv", largestFile + 1), /a\.csv is too large to attach: 1\.0 MB/);
    assert.throws(() => assertNotHuge("a.csv", 30 * largestFile), /30 MB/);
  });

  it("say what is wrong, and leave nothing half-way", async () => {
    const workspace = new MemoryWorkspace({ "blank.ts": " \n", "big.txt": "x" });
    const file = (path: string) =>
      readAttachment(workspace, { kind: "file", uri: workspace.uri(path), firstLine: 0, lastLine: 0 }, english);
    await assert.rejects(file("gone.ts"), { code: "attachment-not-found" });
    await assert.rejects(file("blank.ts"), { code: "attachment-empty" });
    await assert.rejects(readAttachment(workspace, { kind: "problems" }, english), { code: "attachment-empty" });
    const text = (content: string) => readAttachment(workspace, { kind: "text", name: "x", text: content }, english);
    await assert.rejects(text("a\0b"), { code: "attachment-binary" });
    await assert.rejects(text("x".repeat(largestFile + 1)), { code: "attachment-too-large" });
  });
});

describe("ignore rules", () => {
  const rules = new IgnoreRules([
    { folder: "", text: "# comment\nnode_modules/\n*.log\n!keep.log\n/dist\nbuild/**/out\n\\#odd\ntrail  \n[!a]x" },
    { folder: "packages/a", text: "secret.ts\n/local" },
  ]);
  const cases: readonly (readonly [path: string, ignored: boolean])[] = [
    ["node_modules/x/index.js", true],
    ["src/node_modules/y.js", true],
    ["node_modules", false], // a file of that name
    ["a.log", true],
    ["deep/er/a.log", true],
    ["keep.log", false],
    ["dist/a.js", true],
    ["src/dist/a.js", false],
    ["build/a/b/out", true],
    ["build/out", true],
    ["#odd", true],
    ["trail", true],
    ["bx", true],
    ["ax", false],
    ["packages/a/secret.ts", true],
    ["packages/a/b/secret.ts", true],
    ["packages/b/secret.ts", false],
    ["packages/a/local/x", true],
    ["packages/a/b/local", false],
    [".git/config", true],
    [".github/workflows/a.yml", false],
  ];
  for (const [path, ignored] of cases) {
    it(`${ignored ? "leave out" : "keep"} ${path}`, () => assert.equal(rules.ignores(path), ignored));
  }

  it("know folders, and survive a pattern that is none", () => {
    assert.equal(rules.ignores("node_modules", true), true);
    assert.equal(new IgnoreRules([{ folder: "", text: "[z-a]\nb" }]).ignores("b"), true);
  });
});

describe("fuzzy matching", () => {
  const best = (query: string, ...texts: string[]): string | undefined =>
    rank(texts, query, 9, (text) => text)[0]?.item;

  it("marks letters that fit, in order", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), fc.string({ maxLength: 6 }), (text, query) => {
        const match = fuzzyMatch(text, query);
        if (match === undefined) return;
        const letters = query.toLowerCase().replace(/\s+/g, "");
        assert.equal(match.marks.map((place) => text[place]?.toLowerCase()).join(""), letters);
        assert.deepEqual(
          match.marks,
          [...match.marks].sort((one, other) => one - other),
        );
      }),
    );
    assert.equal(fuzzyMatch("table.ts", "tx"), undefined);
    assert.deepEqual(fuzzyMatch("evictionPlan.ts", "ep")?.marks, [0, 8]);
  });

  it("puts names before folders, beginnings before middles, short before long", () => {
    assert.equal(best("table", "table/readme.md", "src/table.ts"), "src/table.ts");
    assert.equal(best("cp", "scope.ts", "cachePlan.ts"), "cachePlan.ts");
    assert.equal(best("table", "src/tableOfContents.ts", "src/table.ts"), "src/table.ts");
    assert.equal(best("srctab", "src/table.ts", "strict.ts"), "src/table.ts");
    assert.equal(best("", "b", "a"), "b");
  });

  it("takes twenty thousand paths in the time of a keystroke or so", () => {
    const paths = Array.from({ length: 20_000 }, (_, index) => `src/folder${index % 97}/someModule${index}.test.ts`);
    assert.equal(rank(paths, "somod199", 40, (path) => path).length, 40);
  });
});

describe("a pasted path", () => {
  it("is told from other words", () => {
    const paths = [
      "src/table.ts",
      "/home/me/a b/table.ts",
      "C:\\code\\a.ts",
      "file:///project/a.ts",
      "table.ts",
      "./a/b",
      "a.ts:12",
    ];
    const others = [
      "hello",
      "a/b or c/d?",
      "https://example.com/a.ts",
      "const a = b / c;",
      "and/or {x}",
      "e.g.",
      "x\ny.ts",
      "1.5",
    ];
    for (const path of paths.slice(0, 6)) assert.equal(looksLikePath(path), true, path);
    for (const other of others) assert.equal(looksLikePath(other), false, other);
  });
});
