import assert from "node:assert/strict";
import fc from "fast-check";
import { exportFileName, exportJson, parseConversation } from "../../src/chat/conversationExport.ts";
import { exportMarkdown } from "../../src/chat/conversationMarkdown.ts";
import { storedTurnOf } from "../../src/chat/turnRecorder.ts";
import type { StoredTurn } from "../../src/storage/storedTurn.ts";
import { richReply, sampleTurn, sampleAttachment } from "../fixtures/panel/sampleTurns.ts";

const turn = (id: string, user: string, reply: string, change: Partial<StoredTurn> = {}): StoredTurn => ({
  ...storedTurnOf(sampleTurn(id, user, reply)),
  ...change,
});

const conversation = {
  title: "Plans",
  turns: [
    turn("a", "Why?", richReply, { thought: "Hm.\n\nHm!", thoughtMs: 10, pinned: true }),
    turn("b", "See `a.ts`", "Cut off:\n\n```ts\nconst a = 1;", {
      note: "stopped",
      status: "stopped",
      attachments: [{ ...sampleAttachment("x", "odd`name.ts:1–3", 3), text: "const odd = 1;" }],
    }),
  ],
};

const translate = (message: string): string => message;

describe("a conversation on its way", () => {
  it("comes back from JSON as it was", () => {
    assert.deepEqual(parseConversation(exportJson(conversation, 0)), conversation);
    assert.deepEqual(parseConversation(`\uFEFF${exportJson(conversation, 0)}`), conversation);
  });

  it("marks a reply that was running when it was exported", () => {
    const running = { title: "", turns: [turn("a", "Why?", "Bec", { status: "streaming" })] };
    const [read] = parseConversation(exportJson(running, 0)).turns;
    assert.deepEqual([read?.status, read?.note, read?.reply], ["stopped", "interrupted", "Bec"]);
  });

  it("refuses everything else by its code, whatever is in the file", () => {
    const good = JSON.parse(exportJson(conversation, 0)) as Record<string, unknown> & { turns: object[] };
    const [first] = good.turns;
    const bad: unknown[] = [
      {},
      [],
      null,
      { ...good, format: "other" },
      { ...good, turns: [] },
      { ...good, turns: [{ ...first, sentAt: "yesterday" }] },
      { ...good, turns: [first, first] },
      { ...good, turns: [{ ...first, id: "" }] },
      { ...good, turns: [{ ...first, id: "x".repeat(300) }] },
      { ...good, turns: [{ ...first, status: "odd" }] },
      { ...good, title: 3 },
    ];
    for (const value of bad) {
      assert.throws(
        () => parseConversation(JSON.stringify(value)),
        { code: "import-unreadable" },
        JSON.stringify(value),
      );
    }
    assert.throws(() => parseConversation(JSON.stringify({ ...good, version: 2 })), { code: "import-newer" });
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        assert.throws(() => parseConversation(text), { code: "import-unreadable" });
      }),
    );
  });

  it("is markdown in which nothing swallows what comes behind", () => {
    const text = exportMarkdown(conversation, { thoughts: false, translate, language: "en" });
    assert.match(
      text,
      /^# Plans\n\n## You · Mar 5, 2026, 9:14\sAM · pinned\n\nWhy\?\n\n## Daylong\n\nWith a single turn/,
    );
    assert.match(text, /const a = 1;\n```\n\n\*You stopped this reply\.\*\n$/);
    assert.match(text, /\n- `` odd`name\.ts:1–3 ``\n/);
    assert.doesNotMatch(text, /Hm/);
    assert.equal([...text.matchAll(/^```/gm)].length % 2, 0);
  });

  it("holds the thoughts when they are wanted, folded", () => {
    const text = exportMarkdown(conversation, { thoughts: true, translate, language: "en" });
    assert.match(text, /<details>\n<summary>Thought<\/summary>\n\nHm\.\n\nHm!\n\n<\/details>\n\nWith a single/);
  });

  it("gets a file name that every system takes", () => {
    assert.equal(exportFileName('Why: does "a/b" \\ fail?'), "Why-does-a-b-fail");
    assert.equal(exportFileName("Größe der Tabelle"), "Größe-der-Tabelle");
    assert.equal(exportFileName("../.."), "conversation");
    assert.equal(exportFileName("  "), "conversation");
    fc.assert(
      fc.property(fc.string(), (title) => {
        assert.match(exportFileName(title), /^[\p{L}\p{N}_][\p{L}\p{N}._-]*$/u);
      }),
    );
  });
});
