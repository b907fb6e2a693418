import assert from "node:assert/strict";
import { parseIntent } from "../../src/chat/intents.ts";
import { chatPage } from "../../src/chat/html.ts";

describe("intents from the view", () => {
  it("lets the known ones through as they are", () => {
    const intents = [
      { type: "ready" },
      { type: "send", text: "hello" },
      { type: "editLast", text: "" },
      { type: "pin", id: "a" },
      { type: "copyTurn", id: "a", part: "reply" },
      { type: "code", action: "apply", code: "x", language: "ts", fileName: "" },
      { type: "openLink", href: "https://example.com" },
    ];
    for (const intent of intents) assert.deepEqual(parseIntent(intent), intent);
  });

  it("refuses everything else", () => {
    const others = [
      undefined,
      null,
      "ready",
      [],
      {},
      { type: "evil" },
      { type: "send" },
      { type: "send", text: 1 },
      { type: "send", text: "hello", extra: true },
      { type: "send", text: "x".repeat(4_000_001) },
      { type: "pin", id: "" },
      { type: "pin", id: "x".repeat(201) },
      { type: "copyTurn", id: "a", part: "thought" },
      { type: "code", action: "run", code: "x", language: "ts", fileName: "" },
      { type: "openLink", href: { toString: "https://example.com" } },
      { type: "constructor" },
      JSON.parse('{"type":"ready","__proto__":{"admin":true}}'),
    ];
    for (const other of others)
      assert.equal(parseIntent(other), undefined, (JSON.stringify(other) as string | undefined)?.slice(0, 80));
  });
});

describe("the page", () => {
  const page = chatPage({
    source: "https://view.example",
    script: 'https://view.example/chat.js?a="b"',
    style: "https://view.example/chat.css",
    nonce: "abc",
    language: 'de"><script>',
    title: "Daylong",
  });

  it("lets nothing load but its own three files, and nothing unsafe run", () => {
    const policy = /content="(default-src[^"]*)"/.exec(page)?.[1] ?? "";
    assert.match(policy, /^default-src 'none'; script-src 'nonce-abc'; style-src https:\/\/view\.example; font-src/);
    assert.doesNotMatch(policy, /unsafe|\*|data:|blob:/);
    assert.match(policy, /base-uri 'none'; form-action 'none'$/);
  });

  it("escapes what it is given", () => {
    assert.equal(page.match(/<script/g)?.length, 1);
    assert.ok(page.includes('lang="de&quot;>&lt;script>"'));
  });
});
