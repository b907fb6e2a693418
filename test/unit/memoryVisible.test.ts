import assert from "node:assert/strict";
import fc from "fast-check";
import { memoryText } from "../../src/chat/memoryText.ts";
import { statusItem, type ChatStatus } from "../../src/chat/statusItem.ts";
import type { WindowSpan } from "../../src/engine/engine.ts";
import { noCounters, type ModelView, type SpanView } from "../../src/messages/chatMessages.ts";
import { ribbonSpans } from "../../webview-ui/ribbonSpans.ts";
import { sampleTurn } from "../fixtures/panel/sampleTurns.ts";

const turn = (index: number, tokens: number): SpanView => ({ kind: "turn", turnId: `t${index}`, tokens });

describe("the ribbon", () => {
  it("holds the whole window, span for span, whatever is drawn", () => {
    const anySpan = fc.record({
      kind: fc.constantFrom("head", "turn", "pinned", "live" as const),
      tokens: fc.nat(400),
    });
    fc.assert(
      fc.property(fc.array(anySpan, { maxLength: 150 }), fc.nat(2_000), fc.nat(4_000), (list, free, width) => {
        const spans = list.map((span, index): SpanView => ({ ...span, turnId: `t${index % 9}` }));
        const used = spans.reduce((sum, { tokens }) => sum + tokens, 0);
        const drawn = ribbonSpans(spans, used + free, width);
        assert.deepEqual(
          drawn.filter(({ kind }) => kind !== "free").map(({ kind, turnId, tokens }) => ({ kind, turnId, tokens })),
          used + free === 0 ? [] : spans.map(({ kind, turnId, tokens }) => ({ kind, turnId, tokens })),
        );
        assert.equal(
          drawn.reduce((sum, { tokens }) => sum + tokens, 0),
          used + free,
        );
        assert.equal(new Set(drawn.map(({ key }) => key)).size, drawn.length);
      }),
    );
  });

  it("draws neighbours that are too thin to tell apart as one, and all others apart", () => {
    const thin = ribbonSpans(
      [{ kind: "head", tokens: 10 }, ...Array.from({ length: 100 }, (_, at) => turn(at, 5))],
      512,
      200,
    );
    const lines = thin.filter(({ kind, separated }) => kind === "turn" && separated);
    assert.ok(lines.length > 30 && lines.length < 60, `${lines.length} blocks of about four pixels`);
    const wide = ribbonSpans([{ kind: "head", tokens: 10 }, turn(0, 100), turn(1, 100), turn(2, 100)], 512, 200);
    assert.deepEqual(
      wide.map(({ separated, shade }) => [separated, shade]),
      [
        [false, 0],
        [true, 1],
        [true, 0],
        [true, 1],
        [true, 0],
      ],
    );
    const pinned = ribbonSpans([turn(0, 2), { kind: "pinned", turnId: "p", tokens: 2 }, turn(1, 2)], 512, 200);
    assert.deepEqual(
      pinned.map(({ separated }) => separated),
      [false, true, true, true],
    );
  });
});

describe("what the model remembers", () => {
  const spans: WindowSpan[] = [
    {
      kind: "head",
      tokens: 5,
      pieces: [
        { kind: "glue", tokens: 2, text: "<s>system\n" },
        { kind: "system", tokens: 3, text: "Be\r\nbrief." },
      ],
    },
    {
      kind: "turn",
      turnId: "a",
      tokens: 9,
      pieces: [
        { kind: "glue", tokens: 4, text: "<end>\r" },
        { kind: "glue", tokens: 1, text: "\nuser\n" },
        { kind: "text", tokens: 4, text: "Why?" },
      ],
    },
  ];

  it("is the exact text, with marks at the lines of an editor", () => {
    const user = `Why? ${"Because. ".repeat(20)}`;
    const { text, tokens, marks, template } = memoryText(spans, [sampleTurn("a", user, "")]);
    assert.equal(text, "<s>system\nBe\r\nbrief.<end>\r\nuser\nWhy?");
    assert.equal(tokens, 14);
    assert.deepEqual(
      marks.map(({ line, tokens: count, templateTokens }) => [line, count, templateTokens]),
      [
        [1, 5, 2],
        [4, 9, 5],
      ],
    );
    assert.match(marks[1]?.words ?? "", /^Why\? Because\..{20,50}…$/);
    assert.deepEqual(template, [
      { start: { line: 0, character: 0 }, end: { line: 1, character: 0 } },
      { start: { line: 2, character: 6 }, end: { line: 3, character: 0 } },
      { start: { line: 3, character: 0 }, end: { line: 4, character: 0 } },
    ]);
  });

  it("is nothing where nothing is in the window", () => {
    assert.deepEqual(memoryText([], []), { text: "", tokens: 0, marks: [], template: [] });
  });
});

describe("the status bar", () => {
  const translate = (text: string, ...values: (string | number)[]): string =>
    text.replace(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)]));
  const name = "Qwen";
  const ready: ModelView = {
    state: "ready",
    name,
    toy: false,
    gpu: "CPU",
    mode: "stream",
    reasons: [],
    outdated: false,
  };
  const error = { code: "model-damaged", message: "The file is damaged." };
  const shown = (model: ModelView, change: Partial<ChatStatus> = {}): ReturnType<typeof statusItem> =>
    statusItem({ model, counters: noCounters, busy: false, asking: false, ...change }, translate, "en");

  it("says each state, and leads to the chat or to what helps", () => {
    const states: [ReturnType<typeof statusItem>, string, string, string | undefined][] = [
      [shown({ state: "none" }), "$(circle-slash) Daylong", "daylong.chooseModel", undefined],
      [shown({ state: "unloaded", name, toy: false }), "$(circle-outline) Qwen", "daylong.openChat", undefined],
      [
        shown({ state: "loading", name, toy: false, fraction: 0.42 }),
        "$(loading~spin) Qwen 42%",
        "daylong.openChat",
        undefined,
      ],
      [shown(ready), "$(check) Qwen", "daylong.openChat", undefined],
      [shown(ready, { busy: true }), "$(loading~spin) Qwen", "daylong.openChat", undefined],
      [shown(ready, { asking: true }), "$(comment-discussion) Qwen", "daylong.openChat", undefined],
      [shown(ready, { asking: true, busy: true }), "$(debug-pause) Qwen", "daylong.openChat", undefined],
      [shown({ ...ready, mode: "recompute" }), "$(sync) Qwen", "daylong.openChat", undefined],
      [shown({ ...ready, outdated: true }), "$(warning) Qwen", "daylong.openChat", "warning"],
      [shown({ state: "crashed", name, error, willRestart: false }), "$(error) Qwen", "daylong.restartEngine", "error"],
      [shown({ state: "failed", name, error }), "$(error) Qwen", "daylong.chooseModel", "error"],
    ];
    for (const [item, text, command, background] of states) {
      assert.deepEqual([item.text, item.command, item.background], [text, command, background]);
      assert.ok(item.tooltip.length >= 2);
    }
    const said = states.map(([item]) => item.tooltip[0]);
    assert.equal(new Set(said).size, said.length, "no two states say the same");
    assert.equal(shown({ state: "failed", name, error }).tooltip[0], "The file is damaged.");
  });

  it("tells the counters as soon as there are some", () => {
    const counters = {
      ...noCounters,
      windowTokens: 412,
      windowSize: 512,
      shifts: 3,
      tokens: 12_345,
      reprocessedTokens: 1,
    };
    assert.deepEqual(shown(ready, { counters }).tooltip.slice(1), [
      "Window: 412 of 512 tokens",
      "Today: 12,345 tokens, 3 shifts, 1 tokens re-processed",
      "Click to open the chat.",
    ]);
  });
});
