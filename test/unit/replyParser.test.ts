import assert from "node:assert/strict";
import { ReplyParser, type ReplyPiece } from "../../src/conversation/replyParser.ts";

const think = { open: "<think>", close: "</think>" };

function parse(
  pieces: readonly string[],
  options: { stops?: readonly string[]; opened?: boolean } = {},
): { parser: ReplyParser; out: ReplyPiece[] } {
  const parser = new ReplyParser([think], options.stops ?? [], options.opened === true ? think : undefined);
  const out = pieces.flatMap((text, index) => parser.push([index], text));
  return { parser, out: [...out, ...parser.flush()] };
}

function textOf(out: readonly ReplyPiece[], kind: ReplyPiece["kind"]): string {
  return out
    .filter((piece) => piece.kind === kind)
    .map((piece) => piece.text)
    .join("");
}

describe("reply parser", () => {
  it("passes a plain reply through, token by token", () => {
    const { out } = parse(["Hel", "lo ", "<b>"]);
    assert.equal(textOf(out, "reply"), "Hello <b>");
    assert.deepEqual(
      out.flatMap((piece) => piece.tokens),
      [0, 1, 2],
    );
  });

  it("tells the thought from the reply, with tags spread over tokens", () => {
    const { out } = parse(["\n", "<th", "ink>", "a ", "b", "</", "think", ">", "\n\n", "Done"]);
    assert.equal(textOf(out, "thought"), "a b");
    assert.equal(textOf(out, "reply"), "Done");
    assert.deepEqual(
      out.filter((piece) => piece.kind === "tag").flatMap((piece) => piece.tokens),
      [0, 1, 2, 5, 6, 7, 8],
    );
  });

  it("starts inside the thought when the prompt opened it", () => {
    const { out } = parse(["why", " not", "</think>", "ok"], { opened: true });
    assert.equal(textOf(out, "thought"), "why not");
    assert.equal(textOf(out, "reply"), "ok");
  });

  it("takes a thought that never ends as a thought", () => {
    const { parser, out } = parse(["<think>", "on and on </thin"]);
    assert.equal(textOf(out, "thought"), "on and on </thin");
    assert.equal(parser.openThought, think);
    assert.equal(textOf(out, "reply"), "");
  });

  it("holds nothing back for good: what looked like a tag and was none is reply", () => {
    const { out } = parse(["<thin", "g> is html"]);
    assert.equal(textOf(out, "reply"), "<thing> is html");
  });

  it("ends at a stop string and leaves it out", () => {
    const { parser, out } = parse(["Yes.\n#", "## Hu", "man: next"], { stops: ["### Human:"] });
    assert.equal(textOf(out, "reply"), "Yes.\n");
    assert.equal(parser.ended, true);
  });

  it("gives every token away exactly once, however the text is cut", () => {
    const text = " <think>some thoughts</think>\n\nThe reply with < and </think> inside";
    for (let width = 1; width < 20; width++) {
      const cut = text.match(new RegExp(`[^]{1,${width}}`, "g")) ?? [];
      const { out } = parse(cut);
      assert.deepEqual(
        out.flatMap((piece) => piece.tokens),
        cut.map((_, index) => index),
        `width ${width}`,
      );
      assert.equal(out.map((piece) => piece.text).join(""), text);
    }
  });
});
