import assert from "node:assert/strict";
import { canAttach, droppedUris } from "../../webview-ui/dropData.ts";
import { PromptHistory } from "../../webview-ui/promptHistory.ts";
import { typedMark } from "../../webview-ui/typedMark.ts";

describe("a typed mark", () => {
  const cases: readonly (readonly [text: string, mark: string | undefined])[] = [
    ["/", "/0:"],
    ["/fi", "/0:fi"],
    ["  /Fi", "/2:fi"],
    ["/fix it", undefined],
    ["a/b", undefined],
    ["see /fix", undefined],
    ["@", "@0:"],
    ["see @src/ta", "@4:src/ta"],
    ["(@ta", "@1:ta"],
    ["me@example.com", undefined],
    ["@ta ", undefined],
    ["line\n@ta", "@5:ta"],
    ["@folder:sr", "@0:folder:sr"],
  ];
  for (const [text, expected] of cases) {
    it(JSON.stringify(text), () => {
      const mark = typedMark(text, text.length);
      assert.equal(mark === undefined ? undefined : `${mark.trigger}${mark.start}:${mark.query}`, expected);
    });
  }

  it("is looked for in front of the cursor", () => {
    assert.deepEqual(typedMark("see @table and", 7), { trigger: "@", start: 4, query: "ta" });
    assert.equal(typedMark("see @table and", 3), undefined);
  });
});

describe("the history of messages", () => {
  const messages = ["one", "two", "three"];

  it("goes back from an empty box, and forward to it again", () => {
    const history = new PromptHistory();
    assert.equal(history.move(messages, "", 1), undefined);
    assert.equal(history.move(messages, "", -1), "three");
    assert.equal(history.move(messages, "three", -1), "two");
    assert.equal(history.move(messages, "two", 1), "three");
    assert.equal(history.move(messages, "three", 1), "");
    assert.equal(history.move(messages, "", 1), undefined);
  });

  it("stays at the oldest, and leaves alone what was changed", () => {
    const history = new PromptHistory();
    for (const [text, expected] of [
      ["", "three"],
      ["three", "two"],
      ["two", "one"],
      ["one", "one"],
    ] as const) {
      assert.equal(history.move(messages, text, -1), expected);
    }
    assert.equal(history.move(messages, "one, and", -1), undefined);
    assert.equal(history.move([], "", -1), "");
  });
});

describe("what is dropped", () => {
  const data = (values: Readonly<Record<string, string>>) => ({
    types: Object.keys(values),
    getData: (type: string) => values[type] ?? "",
  });

  it("is taken from VS Code's list, the browser's, or the older one", () => {
    assert.deepEqual(
      droppedUris(data({ "application/vnd.code.uri-list": "file:///a\r\nfile:///b", "text/uri-list": "x:y" })),
      ["file:///a", "file:///b"],
    );
    assert.deepEqual(droppedUris(data({ "text/uri-list": "# comment\nfile:///a" })), ["file:///a"]);
    assert.deepEqual(droppedUris(data({ ResourceURLs: '["file:///a", 1]' })), ["file:///a"]);
    assert.deepEqual(droppedUris(data({ "text/plain": "hello", ResourceURLs: "{" })), []);
  });

  it("is offered a place only where it can be attached", () => {
    assert.equal(canAttach(["text/plain"]), false);
    for (const type of ["Files", "text/uri-list", "CodeEditors", "ResourceURLs"]) assert.equal(canAttach([type]), true);
  });
});
