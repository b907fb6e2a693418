import assert from "node:assert/strict";
import fc from "fast-check";
import { BlockSplitter, splitBlocks, type Block } from "../../webview-ui/blocks.ts";
import { parseCodeInfo } from "../../webview-ui/codeInfo.ts";
import { richReply } from "../fixtures/panel/sampleTurns.ts";

function raws(blocks: readonly Block[]): string[] {
  return blocks.map(({ kind, raw }) => `${kind}: ${raw.trimEnd()}`);
}

const pieces = fc.constantFrom(
  ...[
    "# Title\n",
    "word ",
    "*em* ",
    "- item\n",
    "  - inner\n",
    "1. one\n",
    "\n",
    "\n\n",
    "```ts\n",
    "code();\n",
    "```\n",
  ],
  ...["> quote\n", "| a | b |\n", "|---|---|\n", "===\n", "---\n", "    indented\n", "<b>", "`", "\r\n", "~~~\n", "\t"],
);

describe("cutting a growing reply into blocks", () => {
  it("gives the same blocks piece by piece as at once", () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        const splitter = new BlockSplitter();
        let source = "";
        let blocks: readonly Block[] = [];
        for (const part of parts) {
          source += part;
          blocks = splitter.update(source);
        }
        assert.deepEqual(raws(blocks), raws(splitBlocks(source)));
      }),
      { numRuns: 400 },
    );
  });

  it("keeps finished blocks as the same objects", () => {
    const splitter = new BlockSplitter();
    const before = splitter.update("first\n\nsecond\n\nthi");
    const after = splitter.update("first\n\nsecond\n\nthird and more");
    assert.equal(after[0], before[0]);
    assert.equal(after[1], before[1]);
    assert.notEqual(after[2], before[2]);
  });

  it("starts again when the text is another", () => {
    const splitter = new BlockSplitter();
    splitter.update("one\n\ntwo\n\nthree");
    assert.deepEqual(raws(splitter.update("# other")), ["markdown: # other"]);
  });

  it("loses no character of a rich reply", () => {
    assert.equal(splitBlocks(richReply).length > 8, true);
    for (const block of splitBlocks(richReply)) assert.ok(richReply.includes(block.raw.trim()));
  });

  it("shows what would keep the parser busy as it is, in a moment", () => {
    const hostile = ["> ".repeat(5000) + "x", "[".repeat(50_000), "*a **b ".repeat(20_000), "- ".repeat(3000) + "x"];
    for (const source of hostile) {
      const start = performance.now();
      const blocks = splitBlocks(source);
      assert.ok(performance.now() - start < 1000);
      assert.equal(blocks[0]?.kind, "plain", source.slice(0, 20));
    }
  });

  it("leaves long but ordinary text formatted", () => {
    const ordinary = "This is an ordinary sentence with `code` and *stress*. ".repeat(200);
    assert.equal(splitBlocks(ordinary)[0]?.kind, "markdown");
  });
});

describe("what stands behind the backticks", () => {
  const cases: readonly [string, string, string][] = [
    ["", "", ""],
    ["ts", "ts", ""],
    ["TypeScript", "typescript", ""],
    ["ts src/main.ts", "ts", "src/main.ts"],
    ["ts:src/main.ts", "ts", "src/main.ts"],
    ["src/main.ts", "ts", "src/main.ts"],
    ['js title="a/b.js"', "js", "a/b.js"],
    ["c++", "c++", ""],
    ["evictionPolicy.ts", "ts", "evictionPolicy.ts"],
    ["js {1,3}", "js", ""],
  ];
  for (const [info, language, fileName] of cases) {
    it(`reads "${info}"`, () => {
      assert.deepEqual(parseCodeInfo(info), { language, fileName });
    });
  }
});
