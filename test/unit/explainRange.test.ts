import assert from "node:assert/strict";
import fastCheck from "fast-check";
import { harmlessMarkdown } from "../../src/explain/answerMarkdown.ts";
import { splitCode, windowAround } from "../../src/explain/codeParts.ts";
import {
  dedent,
  importLines,
  paragraphAt,
  symbolMeant,
  symbolsAround,
  type Lines,
  type OutlineSymbol,
} from "../../src/explain/codeTarget.ts";
import { explainBudget, promptLimit } from "../../src/explain/explainBudget.ts";
import { movedRange, type PlaceRange } from "../../src/explain/movedRange.ts";

const range = (startLine: number, start: number, endLine: number, end: number): PlaceRange => ({
  start: { line: startLine, character: start },
  end: { line: endLine, character: end },
});
const at = (line: number, character: number): PlaceRange => range(line, character, line, character);
const linesOf = (text: string): Lines => {
  const lines = text.split("\n");
  return { count: lines.length, at: (line) => lines[line] ?? "" };
};

describe("a range that follows edits", () => {
  const code = range(3, 2, 5, 4);

  it("moves with what is added and taken away above it", () => {
    assert.deepEqual(movedRange(code, { range: at(0, 0), text: "a\nb\n" }), range(5, 2, 7, 4));
    assert.deepEqual(movedRange(code, { range: range(0, 0, 2, 0), text: "" }), range(1, 2, 3, 4));
    assert.deepEqual(movedRange(code, { range: at(3, 0), text: "xy" }), range(3, 4, 5, 4));
    assert.deepEqual(movedRange(code, { range: at(3, 1), text: "\n" }), range(4, 1, 6, 4));
  });

  it("stays with what happens below, and grows with what is typed inside", () => {
    assert.deepEqual(movedRange(code, { range: at(6, 0), text: "x\n" }), code);
    assert.deepEqual(movedRange(code, { range: at(4, 0), text: "x\n" }), range(3, 2, 6, 4));
    assert.deepEqual(movedRange(code, { range: at(5, 3), text: "xyz" }), range(3, 2, 5, 7));
  });

  it("does not take in what is typed at its ends", () => {
    assert.deepEqual(movedRange(code, { range: at(3, 2), text: "ab" }), range(3, 4, 5, 4));
    assert.deepEqual(movedRange(code, { range: at(5, 4), text: "ab" }), code);
  });

  it("stays when its first word is replaced, and shrinks to a place when all is deleted", () => {
    assert.deepEqual(movedRange(code, { range: range(3, 2, 3, 5), text: "other" }), code);
    assert.deepEqual(movedRange(code, { range: range(2, 0, 6, 0), text: "" }), at(2, 0));
    assert.deepEqual(
      movedRange(code, { range: range(0, 0, 9, 0), text: "a\n".repeat(9) }),
      code,
      "a document formatted anew",
    );
  });

  it("marks the same text after any edit outside of it", () => {
    const text = fastCheck.stringMatching(/^[ab\n]{0,20}$/);
    fastCheck.assert(
      fastCheck.property(text, text, text, fastCheck.nat(), fastCheck.nat(), (before, marked, after, cut, take) => {
        const whole = `${before}<${marked}>${after}`;
        const place = (offset: number): { line: number; character: number } => {
          const lines = whole.slice(0, offset).split("\n");
          return { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
        };
        const [start, end] = [before.length, before.length + marked.length + 2];
        const from = cut % (before.length + 1);
        const to = Math.min(before.length, from + (take % 5));
        const edit = { range: { start: place(from), end: place(to) }, text: after };
        const moved = movedRange({ start: place(start), end: place(end) }, edit);
        const edited = whole.slice(0, from) + after + whole.slice(to);
        const lines = edited.split("\n");
        const offset = (at: { line: number; character: number }): number =>
          lines.slice(0, at.line).reduce((sum, line) => sum + line.length + 1, 0) + at.character;
        assert.equal(edited.slice(offset(moved.start), offset(moved.end)), `<${marked}>`);
      }),
    );
  });
});

describe("the code that is meant", () => {
  const symbol = (name: string, kind: string, firstLine: number, lastLine: number, children: OutlineSymbol[] = []) => ({
    name,
    kind,
    firstLine,
    lastLine,
    children,
  });
  const outline = [
    symbol("limit", "constant", 0, 0),
    symbol("shop", "namespace", 2, 60, [
      symbol("Table", "class", 4, 50, [symbol("sort", "method", 10, 20, [symbol("order", "variable", 12, 13)])]),
      symbol("names", "constant", 52, 55),
    ]),
  ];
  const meant = (line: number): string | undefined => symbolMeant(outline, line)?.name;

  it("is the innermost class or function, and no variable inside of it", () => {
    assert.deepEqual([12, 10, 5, 0, 53].map(meant), ["sort", "sort", "Table", "limit", "names"]);
    assert.equal(meant(58), undefined, "a namespace is no answer");
    assert.equal(meant(70), undefined);
  });

  it("stands inside of symbols, outermost first", () => {
    const names = symbolsAround(outline, { firstLine: 12, lastLine: 13 }).map(({ name }) => name);
    assert.deepEqual(names, ["shop", "Table", "sort", "order"]);
  });

  it("is a paragraph where there is no outline", () => {
    const text = linesOf("a\nb\n\n  \nc\nd\n\n");
    assert.deepEqual(
      [0, 1, 2, 4, 6, 7].map((line) => paragraphAt(text, line)),
      [
        { firstLine: 0, lastLine: 1 },
        { firstLine: 0, lastLine: 1 },
        { firstLine: 4, lastLine: 5 },
        { firstLine: 4, lastLine: 5 },
        { firstLine: 4, lastLine: 5 },
        { firstLine: 4, lastLine: 5 },
      ],
    );
    assert.equal(paragraphAt(linesOf("\n \n"), 1), undefined);
    const endless = paragraphAt(linesOf("x\n".repeat(10_000)), 5_000);
    assert.deepEqual(endless, { firstLine: 4_970, lastLine: 5_030 });
  });

  it("knows imports of many languages, and joins those in several lines", () => {
    const text = [
      "#include <stdio.h>",
      "from os import path",
      "import {",
      "  a,",
      '} from "a";',
      "use std::fs;",
      'const b = require("b");',
      "important();",
      "let c = 1;",
      "import d",
    ].join("\n");
    assert.deepEqual(importLines(linesOf(text), 9), [
      "#include <stdio.h>",
      "from os import path",
      'import { a, } from "a";',
      "use std::fs;",
      'const b = require("b");',
    ]);
  });

  it("loses the white space that all lines have", () => {
    assert.equal(dedent("  if (a) {\n    b();\n\n  }"), "if (a) {\n  b();\n\n}");
    assert.equal(dedent("if (a) {\n    b();\n  }"), "if (a) {\n    b();\n  }");
  });
});

describe("code that is too large", () => {
  it("is split at lines, between declarations where possible, and nothing is lost or doubled", () => {
    const code = Array.from({ length: 40 }, (_, line) =>
      line % 10 === 0 ? `function f${line}() {` : "  work();",
    ).join("\n");
    const { parts, lastLine, linesCut } = splitCode(code, 101, 130, 100);
    assert.equal(parts.map((part) => part.code).join("\n"), code);
    assert.deepEqual([parts[0]?.firstLine, lastLine, linesCut], [101, 140, false]);
    for (const [index, part] of parts.entries()) {
      assert.ok(part.code.length <= 130);
      assert.equal(part.firstLine, (parts[index - 1]?.lastLine ?? 100) + 1);
    }
    assert.ok(parts[1]?.code.startsWith("function"), "between two functions");
  });

  it("is left out behind the last part, and says where", () => {
    const { parts, lastLine } = splitCode("x();\n".repeat(100), 1, 50, 3);
    assert.equal(parts.length, 3);
    assert.deepEqual(
      parts.map((part) => part.count),
      [3, 3, 3],
    );
    assert.equal(lastLine, parts[2]?.lastLine);
    assert.ok(lastLine < 100);
  });

  it("loses the end of a line that is longer than a part", () => {
    const { parts, linesCut } = splitCode(`short\n${"x".repeat(500)}\nend`, 1, 100, 10);
    assert.equal(linesCut, true);
    for (const part of parts) assert.ok(part.code.length <= 100, String(part.code.length));
    assert.match(parts.map((part) => part.code).join("\n"), /^short\nx+…\nend$/);
  });

  it("is shown around what matters", () => {
    const code = Array.from({ length: 100 }, (_, line) => `line ${line + 11}`).join("\n");
    const window = windowAround(code, 11, [60], 80);
    assert.ok(window.code.length <= 80);
    assert.match(window.code, /line 60\n/);
    assert.equal(window.code.split("\n")[0], `line ${window.firstLine}`);
    assert.equal(window.code.split("\n").at(-1), `line ${window.lastLine}`);
  });
});

describe("the budget", () => {
  it("leaves room for an answer in any window", () => {
    for (const free of [100, 128, 300, 512, 1_024, 8_000, 100_000]) {
      const { prompt, answer } = explainBudget(free);
      assert.ok(prompt + answer + 32 <= free || free < 128, String(free));
      assert.ok(answer >= 48 && answer <= 768);
    }
  });

  it("spends a long prompt on the code only, not on its surroundings", () => {
    assert.equal(promptLimit({ prompt: 8_000, answer: 700 }, 100), 1_024);
    assert.equal(promptLimit({ prompt: 8_000, answer: 700 }, 3_000), 3_000);
    assert.equal(promptLimit({ prompt: 60, answer: 48 }, 30), 60);
  });
});

describe("a model's markdown", () => {
  it("loads no picture, and keeps code as it is", () => {
    assert.equal(
      harmlessMarkdown("a ![x](https://a.example/x.png) `![y](z)`\n```\n![q](r)\n```\n<img src=x>"),
      "a !\u200b[x](https://a.example/x.png) `![y](z)`\n```\n![q](r)\n```\n&lt;img src=x>",
    );
  });

  it("closes a block that is open, so that a note behind it is no code", () => {
    assert.equal(harmlessMarkdown("````ts\nx\n```"), "````ts\nx\n```\n````");
    assert.equal(harmlessMarkdown("```ts\nx\n```"), "```ts\nx\n```");
  });
});
