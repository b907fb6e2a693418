import assert from "node:assert/strict";
import { align } from "../../src/conversation/alignment.ts";
import type { LayoutItem } from "../../src/conversation/layout.ts";
import { Segment } from "../../src/conversation/segment.ts";

const glue = (text: string): LayoutItem => ({ type: "glue", text, turnId: undefined });
const content = (id: string): LayoutItem => ({ type: "content", id, turnId: undefined });
const cachedGlue = (text: string): Segment => new Segment("glue", text, undefined);
const cachedOpen = (text: string): Segment => new Segment("open", text, undefined);
const cachedContent = (id: string): Segment => new Segment("text", id, undefined);

describe("alignment by rendering", () => {
  const conversation = [
    cachedGlue("<s>"),
    cachedContent("system"),
    cachedGlue("\nU:"),
    cachedContent("u1"),
    cachedGlue("\nA:"),
    cachedContent("r1"),
    cachedGlue("\nU:"),
    cachedContent("u2"),
    cachedGlue("\nA:"),
    cachedContent("r2"),
  ];

  it("keeps all and appends the rest", () => {
    const { kept, missing } = align(conversation, [
      ...conversation.map((segment) => (segment.isGlue ? glue(segment.key) : content(segment.key))),
      glue("\nU:"),
      content("u3"),
    ]);
    assert.deepEqual(kept, conversation);
    assert.deepEqual(missing, [glue("\nU:"), content("u3")]);
  });

  it("cuts out the oldest turn and leaves the glue behind the head in its place", () => {
    const { kept, missing } = align(conversation, [
      glue("<s>"),
      content("system"),
      glue("\nU:"),
      content("u2"),
      glue("\nA:"),
      content("r2"),
    ]);
    assert.deepEqual(kept, [...conversation.slice(0, 3), ...conversation.slice(7)]);
    assert.deepEqual(missing, []);
  });

  it("keeps the beginning of a glue text that goes on differently", () => {
    const cached = [cachedGlue("<s>"), cachedContent("u1"), cachedGlue("\n")];
    const { kept, missing } = align(cached, [glue("<s>"), content("u1"), glue("\nU:"), content("u2")]);
    assert.deepEqual(kept, cached);
    assert.deepEqual(missing, [glue("U:"), content("u2")]);
  });

  it("cuts a thought and its opening out of the glue around it", () => {
    const cached = [
      cachedGlue("A:"),
      cachedOpen("<think>"),
      new Segment("thought", "t", undefined),
      cachedOpen("</think>"),
      cachedContent("r1"),
    ];
    const { kept, missing } = align(cached, [glue("A:"), content("r1"), glue("\nU:")]);
    assert.deepEqual(kept, [cached[0], cached[4]]);
    assert.deepEqual(missing, [glue("\nU:")]);
  });

  it("puts the glue around an empty thought together from the tags that the model sampled", () => {
    const cached = [
      cachedGlue("A:"),
      cachedOpen("<think>"),
      new Segment("thought", "t", undefined),
      cachedOpen("</think>"),
      cachedOpen("\n\n"),
      cachedContent("r1"),
    ];
    const { kept, missing } = align(cached, [glue("A:<think></think>\n"), content("r1")]);
    assert.deepEqual(
      kept.map((segment) => segment.key),
      ["A:", "<think>", "</think>", "r1"],
    );
    assert.deepEqual(missing, []);
  });

  it("evaluates from the first difference on when a cut will not do", () => {
    const { kept, missing } = align(conversation, [glue("<s>"), content("system"), glue("\nX:"), content("u2")]);
    assert.deepEqual(kept, conversation.slice(0, 2));
    assert.deepEqual(missing, [glue("\nX:"), content("u2")]);
  });

  it("never takes contents out of order", () => {
    const { kept, missing } = align(conversation, [
      glue("<s>"),
      content("system"),
      glue("\nU:"),
      content("u2"),
      glue("\nA:"),
      content("r1"),
    ]);
    assert.equal(kept.at(-2)?.key, "u2");
    assert.deepEqual(missing, [content("r1")]);
  });
});
