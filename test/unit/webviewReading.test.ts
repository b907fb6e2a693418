import assert from "node:assert/strict";
import { findInTurns } from "../../webview-ui/conversationFind.ts";
import { HeightModel } from "../../webview-ui/heightModel.ts";
import { SentenceReader } from "../../webview-ui/speech.ts";
import { longDay, sampleTurn } from "../fixtures/panel/sampleTurns.ts";

describe("reading out a reply", () => {
  const words = { code: "Code.", table: "Table." };
  function readAll(text: string, step: number): string[] {
    const reader = new SentenceReader(words);
    const spoken: string[] = [];
    for (let end = step; end < text.length; end += step) spoken.push(...reader.read(text.slice(0, end), false));
    return [...spoken, ...reader.read(text, true)];
  }

  it("waits for whole sentences", () => {
    const reader = new SentenceReader(words);
    assert.deepEqual(reader.read("It is 3.", false), []);
    assert.deepEqual(reader.read("It is 3.14 wide. And", false), ["It is 3.14 wide."]);
    assert.deepEqual(reader.read("It is 3.14 wide. And then", true), ["And then"]);
  });

  it("leaves signs out and names code and tables instead of reading them", () => {
    const text =
      "# Title\nUse **`plan`** or [this](https://x.y).\n```ts\na();\nb();\n```\nDone.\n| a | b |\n|---|---|\n| 1 | 2 |\n- last";
    const expected = ["Title", "Use plan or this.", "Code.", "Done.", "Table.", "last"];
    assert.deepEqual(readAll(text, 1000), expected);
    assert.deepEqual(readAll(text, 1), expected);
  });

  it("ends sentences of Chinese and Japanese", () => {
    assert.deepEqual(readAll("これは一つ。これは二つ。", 3), ["これは一つ。", "これは二つ。"]);
  });
});

describe("finding in the conversation", () => {
  const turns = [
    sampleTurn("a", "Where is the Plan?", "The plan is here, the PLAN is there."),
    sampleTurn("b", "And now?", "Nothing.", { thought: "No plan." }),
  ];

  it("finds in messages, thoughts and replies, whatever the case, in order", () => {
    assert.deepEqual(findInTurns(turns, "plan").matches, [
      { turnId: "a", part: "user", ordinal: 0 },
      { turnId: "a", part: "reply", ordinal: 0 },
      { turnId: "a", part: "reply", ordinal: 1 },
      { turnId: "b", part: "thought", ordinal: 0 },
    ]);
  });

  it("finds nothing for nothing", () => {
    assert.deepEqual(findInTurns(turns, ""), { matches: [], more: false });
    assert.deepEqual(findInTurns(turns, "elephant"), { matches: [], more: false });
  });

  it("searches a long day and says when there is more than it lists", () => {
    const day = longDay(5000);
    assert.equal(findInTurns(day, "question 4321:").matches.length, 1);
    const all = findInTurns(day, "the");
    assert.equal(all.matches.length, 10_000);
    assert.equal(all.more, true);
  });
});

describe("the heights of rows", () => {
  it("uses measured heights where there are some, and estimates elsewhere", () => {
    const model = new HeightModel();
    model.setRows(["a", "b", "c"], () => 10);
    assert.equal(model.setHeight("b", 35), true);
    assert.equal(model.setHeight("b", 35), false);
    assert.deepEqual(
      [0, 1, 2, 3].map((index) => model.top(index)),
      [0, 10, 45, 55],
    );
    assert.deepEqual(
      [-5, 0, 9, 10, 44, 45, 500].map((y) => model.indexAt(y)),
      [0, 0, 0, 1, 1, 2, 2],
    );
  });

  it("keeps a row's height when rows before it go", () => {
    const model = new HeightModel();
    model.setRows(["a", "b"], () => 10);
    model.setHeight("b", 35);
    model.setRows(["b", "c"], () => 10);
    assert.equal(model.top(1), 35);
    assert.equal(model.total, 45);
    assert.equal(model.indexOf("a"), -1);
  });
});
