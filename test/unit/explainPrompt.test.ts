import assert from "node:assert/strict";
import type { CodeExcerpt } from "../../src/explain/codeExcerpt.ts";
import { barePrompt, explainPrompt, followUpPrompt, turnText } from "../../src/explain/explainPrompt.ts";
import { always, fitPrompt, renderPrompt } from "../../src/explain/promptTree.ts";

const excerpt: CodeExcerpt = {
  kind: "explain",
  path: "src/table.ts",
  languageId: "typescript",
  code: "return rows.sort(bySize);\nreturn rows;",
  firstLine: 40,
  lastLine: 41,
  enclosing: ["class Table", "method sort"],
  problems: [
    { line: 40, severity: "error", message: "Cannot find\n  name 'bySize'." },
    { line: 41, severity: "warning", message: "Unreachable." },
    { line: 41, severity: "hint", message: "Could be shorter." },
  ],
  imports: ['import { rows } from "./rows";', 'import { cold } from "./cold";'],
  before: ["above far", "above near"],
  after: ["below near", "below far"],
  question: "",
};

/** A token a character makes every limit exact. */
const byCharacter = (text: string): Promise<number> => Promise.resolve(text.length);

/** Every piece of the prompt that can be recognised, and where it is gone when the limit falls. */
const pieces = [
  "below far",
  "above far",
  "below near",
  "above near",
  "./cold",
  "./rows",
  "Could be shorter.",
  "Unreachable.",
  "class Table",
  "Be brief",
  "Cannot find name",
  "File src/table.ts",
];

describe("the prompt of an explanation", () => {
  it("holds the code, and everything that is known about its surroundings, in reading order", () => {
    assert.equal(
      renderPrompt(explainPrompt(excerpt)),
      [
        "File src/table.ts, lines 40-41.",
        "It is inside class Table, method sort.",
        "Imports:",
        "```ts",
        'import { rows } from "./rows";',
        'import { cold } from "./cold";',
        "```",
        "The code above it:",
        "```ts",
        "above far",
        "above near",
        "```",
        "The code below it:",
        "```ts",
        "below near",
        "below far",
        "```",
        "Problems in it:",
        "- line 40, error: Cannot find name 'bySize'.",
        "- line 41, warning: Unreachable.",
        "- line 41, hint: Could be shorter.",
        "Be brief: what it does, why, and what is easy to miss. Do not repeat the code.",
        "Explain this code:",
        "```ts",
        "return rows.sort(bySize);",
        "return rows;",
        "```",
        "",
      ].join("\n"),
    );
  });

  it("is cut from the outside in: far lines, imports, hints, warnings, symbols, style, errors, the path", async () => {
    const whole = renderPrompt(explainPrompt(excerpt));
    const gone: string[] = [];
    for (let limit = whole.length; limit > 0; limit -= 1) {
      const { text } = await fitPrompt(explainPrompt(excerpt), limit, byCharacter);
      for (const piece of pieces) if (!text.includes(piece) && !gone.includes(piece)) gone.push(piece);
      assert.ok(text.includes("Explain this code:\n```ts\nreturn rows.sort(bySize);\nreturn rows;\n```"), "never cut");
    }
    assert.deepEqual(gone, pieces);
  });

  it("is never longer than the limit, and keeps nothing that is less important than what is cut", async () => {
    const bare = renderPrompt(barePrompt(excerpt)).length;
    for (let limit = bare; limit < 900; limit += 7) {
      const { text, tokens, fits, cutUpTo } = await fitPrompt(explainPrompt(excerpt), limit, byCharacter);
      assert.ok(fits && tokens === text.length && tokens <= limit, `${tokens} for ${limit}`);
      const lost = pieces.findLastIndex((piece) => !text.includes(piece));
      assert.equal(lost >= 0, cutUpTo !== undefined);
      for (const piece of pieces.slice(0, lost + 1)) assert.ok(!text.includes(piece), `${piece} at ${limit}`);
    }
  });

  it("leaves no heading without a list, and a mark where a list was cut", async () => {
    let limit = renderPrompt(explainPrompt(excerpt)).length;
    let text: string;
    do text = (await fitPrompt(explainPrompt(excerpt), (limit -= 1), byCharacter)).text;
    while (text.includes("below near"));
    assert.ok(!text.includes("The code below it"));
    assert.match(text, /The code above it:\n```ts\n…\nabove near\n```/);
  });

  it("says so when even the code alone does not fit", async () => {
    const { fits, text } = await fitPrompt(explainPrompt(excerpt), 10, byCharacter);
    assert.equal(fits, false);
    assert.equal(text, renderPrompt(barePrompt(excerpt)));
  });

  it("fixes with the problems in the instruction, which are never cut", async () => {
    const fix = { ...excerpt, kind: "fix" as const };
    const { text } = await fitPrompt(explainPrompt(fix), 1, byCharacter);
    assert.match(text, /^Fix these problems:\n- line 40, error: Cannot find name 'bySize'.\n- line 41, warning/);
    const one = renderPrompt(barePrompt({ ...fix, problems: excerpt.problems.slice(0, 1) }));
    assert.match(one, /Fix this problem: line 40, error/);
  });

  it("asks the user's own question last", () => {
    const text = renderPrompt(barePrompt({ ...excerpt, question: "Why sort twice?" }));
    assert.ok(text.endsWith("```\nWhy sort twice?\n"));
  });

  it("cannot be left by code that holds a fence", () => {
    const text = renderPrompt(barePrompt({ ...excerpt, languageId: "markdown", code: "````ts\nx\n````" }));
    assert.match(text, /`````markdown\n````ts\nx\n````\n`````/);
  });

  it("measures few times, however many lines there are", async () => {
    let asked = 0;
    const lines = Array.from({ length: 400 }, (_, index) => `line number ${index} of the surroundings`);
    const measure = (text: string): Promise<number> => {
      asked += 1;
      return Promise.resolve(Math.ceil(text.length / 3.5));
    };
    const result = await fitPrompt(explainPrompt({ ...excerpt, before: lines, after: lines }), 1_024, measure);
    assert.ok(result.fits && result.tokens > 900, `${result.tokens} of 1024 are used`);
    assert.ok(asked <= 6, `${asked} measurements`);
  });
});

describe("the prompt of a question in the thread", () => {
  const earlier = [
    { question: "", answer: "It sorts the rows." },
    { question: "Is it stable?", answer: "Yes, since 2019." },
  ];

  it("tells the code and what was said, and the question last", () => {
    const text = renderPrompt(followUpPrompt(excerpt, earlier, "Faster?"));
    assert.match(
      text,
      /^File src[^]*Code:\n```ts\nreturn rows[^]*```\nAnswer: It sorts the rows.\nQuestion: Is it stable\?\nAnswer: Yes, since 2019.\nFaster\?$/,
    );
  });

  it("loses the oldest answers first, then the end of the code, never the question", async () => {
    const gone: string[] = [];
    const marks = ["It sorts", "since 2019", "return rows;", "bySize"];
    for (let limit = 300; limit > 0; limit -= 1) {
      const { text } = await fitPrompt(followUpPrompt(excerpt, earlier, "Faster?"), limit, byCharacter);
      for (const mark of marks) if (!text.includes(mark) && !gone.includes(mark)) gone.push(mark);
      assert.ok(text.endsWith("Faster?"));
    }
    assert.deepEqual(gone, marks);
  });
});

describe("an explanation as a turn", () => {
  it("says where the code stands, and what was asked", () => {
    assert.match(turnText(excerpt, ""), /^Explain this code \(src\/table.ts, lines 40-41\):\n```ts\nreturn/);
    assert.match(turnText({ ...excerpt, kind: "fix", lastLine: 40 }, ""), /^Fix this code \(src\/table.ts, line 40\)/);
    assert.match(turnText(excerpt, "Why?"), /^About this code [^]*\n\nWhy\?$/);
  });
});

describe("a prompt tree", () => {
  it("keeps a frame only around something", async () => {
    const tree = {
      children: [
        {
          children: [
            { text: "Heading\n", priority: always, frame: true },
            { text: "body\n", priority: 1 },
          ],
        },
        { text: "end", priority: always },
      ],
    };
    assert.equal((await fitPrompt(tree, 16, byCharacter)).text, "Heading\nbody\nend");
    assert.equal((await fitPrompt(tree, 15, byCharacter)).text, "end");
  });
});
