import assert from "node:assert/strict";
import * as z from "zod/mini";
import { attachmentParts } from "../../src/chat/transcript.ts";
import { storedTurnOf } from "../../src/chat/turnRecorder.ts";
import { storedTurnSchema } from "../../src/storage/storedTurn.ts";
import { Bench, files, slow } from "../fixtures/composerBench.ts";

describe("attachments of a message", () => {
  it("are read at once, counted by the model, and sent in front of the words as parts of their own", async () => {
    const bench = new Bench();
    await bench.attach("src/table.ts");
    assert.deepEqual([bench.chip.state, bench.chip.label, bench.chip.detail], ["ready", "table.ts", "src/table.ts"]);
    await bench.until(() => !bench.chip.approximate);
    const { id, tokens } = bench.chip;
    await bench.say("what does it sort?");
    const [message] = bench.engine.sent;
    assert.deepEqual(
      message?.parts.map(({ kind }) => kind),
      ["attachment", "text"],
    );
    assert.equal(message.parts[0]?.id, id);
    assert.match(message.parts[0].text, /^src\/table\.ts:\n```ts\nexport const rows/);
    assert.equal(message.parts[1]?.text, "what does it sort?");
    assert.deepEqual(
      bench.view.turns[0]?.attachments.map(({ label, tokens: cost }) => [label, cost]),
      [["table.ts", tokens]],
    );
    assert.deepEqual(bench.composer.attachments, []);
  });

  it("stay with the turn when the model has to be told again", async () => {
    const bench = new Bench();
    await bench.attach("src/table.ts");
    await bench.say("hello");
    bench.engine.crash();
    await bench.say("and now?");
    const parts = bench.engine.restored[0]?.parts.map(({ kind, text }) => [kind, text.slice(0, 12)]);
    assert.deepEqual(parts, [
      ["attachment", "src/table.ts"],
      ["text", "hello"],
    ]);
  });

  it("go to no view with their texts", async () => {
    const bench = new Bench({ engine: slow });
    await bench.attach("src/table.ts");
    const reply = bench.say("hello");
    await bench.attach("src/other.ts");
    await bench.say("next");
    await bench.send({ type: "ready" });
    await reply;
    assert.doesNotMatch(JSON.stringify(bench.messages), /rows\.sort|let other/);
  });

  it("say in words why one cannot be attached, and the others are sent", async () => {
    const bench = new Bench();
    await bench.attach("gone.ts", "notes.md");
    const [gone, notes] = bench.composer.attachments;
    assert.deepEqual([gone?.state, gone?.problem], ["failed", "There is no file gone.ts any more."]);
    assert.equal(notes?.state, "ready");
    await bench.say("hello");
    assert.deepEqual(bench.engine.sent[0]?.parts.length, 2);
    assert.equal(bench.composer.attachments.length, 0);
  });

  it("are not attached twice, say when their file has changed, and are read again", async () => {
    const bench = new Bench();
    await bench.attach("src/table.ts", "src/table.ts");
    assert.equal(bench.composer.attachments.length, 1);
    const { id } = bench.chip;
    bench.workspace.write("src/table.ts", "export const rows = [1];\n");
    await bench.until(() => bench.chip.changed);
    bench.workspace.write("src/table.ts", files["src/table.ts"]);
    await bench.until(() => !bench.chip.changed);
    bench.workspace.write("src/table.ts", "export const rows = [2];\n");
    await bench.until(() => bench.chip.changed);
    await bench.send({ type: "refreshAttachment", id });
    assert.equal(bench.chip.changed, false);
    assert.notEqual(bench.chip.id, id, "another text has another name");
    await bench.say("hello");
    assert.match(bench.engine.sent[0]?.parts[0]?.text ?? "", /\[2\]/);
  });

  it("are waited for when the message is sent meanwhile", async () => {
    const bench = new Bench();
    let finish = (): void => undefined;
    bench.workspace.reading = new Promise((resolve) => (finish = resolve));
    const attaching = bench.attach("src/table.ts");
    await bench.until(() => bench.composer.attachments.length === 1);
    const sending = bench.say("hello");
    assert.equal(bench.chip.state, "reading");
    finish();
    await Promise.all([attaching, sending]);
    assert.equal(bench.engine.sent[0]?.parts.length, 2);
  });

  it("are opened: of the draft, of a turn, and a pasted text", async () => {
    const bench = new Bench();
    await bench.attach("src/table.ts");
    const { id } = bench.chip;
    await bench.send({ type: "openAttachment", id });
    await bench.say("hello");
    await bench.send({ type: "openAttachment", id });
    await bench.send({ type: "attachText", name: "", text: "pasted\ntext" });
    assert.equal(bench.chip.label, "Pasted text, 2 lines");
    await bench.send({ type: "openAttachment", id: bench.chip.id });
    const uri = bench.workspace.uri("src/table.ts");
    assert.deepEqual(bench.workspace.opened.slice(0, 2), [`${uri}:0-0`, `${uri}:0-0`]);
    assert.match(bench.workspace.opened[2] ?? "", /pasted\ntext/);
  });

  it("are offered for a pasted path, and only for one that is there", async () => {
    const bench = new Bench();
    await bench.send({ type: "pastedPath", text: "src/gone.ts" });
    await bench.send({ type: "pastedPath", text: "hello there" });
    assert.equal(bench.view.composer.offer, null);
    await bench.send({ type: "pastedPath", text: " src/table.ts " });
    assert.equal(bench.composer.offer?.label, "table.ts");
    await bench.send({ type: "answerOffer", accept: true });
    assert.equal(bench.view.composer.offer, null);
    assert.equal(bench.chip.label, "table.ts");
  });

  it("come from the list under @: the selection, files, folders, symbols and problems", async () => {
    const bench = new Bench();
    bench.workspace.select("src/table.ts", 2, 2);
    bench.workspace.symbolList = [
      {
        uri: bench.workspace.uri("src/table.ts"),
        path: "src/table.ts",
        name: "rows",
        container: "",
        firstLine: 1,
        lastLine: 1,
      },
    ];
    bench.workspace.problemList = [
      { path: "src/table.ts", line: 2, severity: "error", message: "No.", code: "rows.sort();" },
    ];
    let request = 0;
    const list = async (query: string) => {
      await bench.send({ type: "complete", request: ++request, trigger: "@", query });
      assert.equal(bench.view.completions.request, request);
      return bench.view.completions.items;
    };
    const pick = async (query: string, label: string): Promise<void> => {
      const item = (await list(query)).find((each) => each.label === label);
      assert.ok(item !== undefined, `${label} under @${query}`);
      assert.equal(item.then, "attach");
      await bench.send({ type: "attachItem", id: item.id });
    };
    await pick("", "Selection");
    await pick("oth", "other.ts");
    await pick("folder:sr", "src");
    await pick("symbol:ro", "rows");
    await pick("prob", "Problems");
    assert.deepEqual(
      bench.composer.attachments.map(({ label }) => label),
      ["table.ts:2", "other.ts", "src/", "rows", "1 problem"],
    );
    const marked = (await list("tab")).find(({ label }) => label === "table.ts");
    assert.deepEqual(marked?.marks, [0, 1, 2]);
    assert.deepEqual(
      (await list("")).filter(({ then }) => then === "list").map(({ insert }) => insert),
      ["@folder:", "@symbol:"],
    );
  });
});

describe("attachments on disk", () => {
  it("keep what the model read", async () => {
    const bench = new Bench();
    await bench.attach("src/table.ts");
    await bench.say("hello");
    const [turn] = bench.controller.turns;
    assert.ok(turn !== undefined);
    const stored = z.parse(storedTurnSchema, JSON.parse(JSON.stringify(storedTurnOf(turn))));
    assert.deepEqual(attachmentParts(stored.attachments), bench.engine.sent[0]?.parts.slice(0, 1));
  });

  it("from before their texts were kept are shown, and no part of what the model reads", async () => {
    const bench = new Bench();
    await bench.say("hello");
    const [turn] = bench.controller.turns;
    const old = { ...turn, attachments: [{ id: "x", label: "table.ts", tokens: 12 }] };
    const { attachments } = z.parse(storedTurnSchema, old);
    assert.deepEqual([attachments[0]?.label, attachments[0]?.kind, attachments[0]?.uri], ["table.ts", "file", ""]);
    assert.deepEqual(attachmentParts(attachments), []);
  });
});
