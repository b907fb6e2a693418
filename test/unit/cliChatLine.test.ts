import assert from "node:assert/strict";
import { DaylongError } from "../../src/base/errors.ts";
import { parseChatLine, type ChatLine } from "../../src/cli/chatLine.ts";
import { usage } from "../../src/cli/usage.ts";

describe("lines of cli chat", () => {
  it("are the text of a turn, whole, without --json", () => {
    for (const line of ["Hello!", '{"op": "reset"}', "  two  blanks ", "🙂 <|im_end|>"]) {
      assert.deepEqual(parseChatLine(line, false), { op: "text", text: line, attachments: [] });
    }
  });

  const lines: readonly (readonly [string, ChatLine])[] = [
    ['{"text": "a\\nb"}', { op: "text", text: "a\nb", attachments: [] }],
    ['{"op": "text", "text": ""}', { op: "text", text: "", attachments: [] }],
    ['{"text": "a", "attachments": [{"text": "b"}, {"text": ""}]}', { op: "text", text: "a", attachments: ["b", ""] }],
    ['{"op": "stopAfter", "tokens": 3, "text": "a"}', { op: "text", text: "a", attachments: [], stopAfter: 3 }],
    [
      '{"op": "stopAfter", "tokens": 3, "text": "a", "attachments": [{"text": "b"}]}',
      { op: "text", text: "a", attachments: ["b"], stopAfter: 3 },
    ],
    ['{"op": "edit", "text": "a"}', { op: "edit", text: "a" }],
    ['{"op": "instructions", "text": "a"}', { op: "instructions", text: "a" }],
    ['{"op": "detour", "text": "a"}', { op: "detour", text: "a" }],
    ['{"op": "detour", "text": "a", "during": "b"}', { op: "detour", text: "a", during: "b" }],
    ['{"op": "ahead", "attachments": [{"text": "a"}]}', { op: "ahead", attachments: ["a"] }],
    ['{"op": "ahead"}', { op: "ahead", attachments: [] }],
    ['{"op": "pin", "turn": 1}', { op: "pin", turn: 1 }],
    ['{"op": "unpin", "turn": 20}', { op: "unpin", turn: 20 }],
    ['{"op": "bringBack", "turn": 3}', { op: "bringBack", turn: 3 }],
    ['{"op": "regenerate"}', { op: "regenerate" }],
    ['{"op": "continue", "else": true}', { op: "continue" }],
    ['{"op": "reset"}', { op: "reset" }],
  ];
  for (const [line, expected] of lines) {
    it(`understands ${line}`, () => assert.deepEqual(parseChatLine(line, true), expected));
  }

  it("are each described in the help", () => {
    for (const [line, { op }] of lines) {
      assert(op === "text" || usage.includes(`"op": "${op}"`), line);
    }
    assert(usage.includes('"op": "stopAfter"') && usage.includes('"attachments"') && usage.includes('"during"'));
  });

  const wrong = [
    "Hello!",
    "",
    "{",
    "null",
    "7",
    '"text"',
    '[{"text": "a"}]',
    "{}",
    '{"text": 7}',
    '{"op": "edit"}',
    '{"op": "sing", "text": "a"}',
    '{"op": null, "text": "a"}',
    '{"op": "stopAfter", "text": "a"}',
    '{"op": "stopAfter", "tokens": 0, "text": "a"}',
    '{"op": "stopAfter", "tokens": 1.5, "text": "a"}',
    '{"op": "stopAfter", "tokens": "3", "text": "a"}',
    '{"op": "pin"}',
    '{"op": "pin", "turn": 0}',
    '{"op": "pin", "turn": -1}',
    '{"op": "unpin", "turn": "1"}',
    '{"op": "detour", "text": "a", "during": 7}',
    '{"text": "a", "attachments": "b"}',
    '{"text": "a", "attachments": ["b"]}',
    '{"op": "ahead", "attachments": [{"txt": "b"}]}',
    '{"op": "ahead", "attachments": null}',
  ];
  for (const line of wrong) {
    it(`refuses ${line === "" ? "an empty line" : line}`, () => {
      assert.throws(
        () => parseChatLine(line, true),
        (error) => error instanceof DaylongError && error.code === "usage" && !error.message.includes("undefined"),
      );
    });
  }
});
