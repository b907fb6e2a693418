import assert from "node:assert/strict";
import { DaylongError } from "../../src/base/errors.ts";
import type { ReplyOptions, TurnResult } from "../../src/engine/engine.ts";
import { LlamaEngine } from "../../src/engine/worker/llamaEngine.ts";
import { demoModel } from "../fixtures/engine/paths.ts";
import { generateGguf } from "../fixtures/generateGguf.ts";
import { temporaryFolder } from "../fixtures/gguf/temporaryFolder.ts";
import { float32 } from "../fixtures/gguf/writeGguf.ts";

const systemPrompt = "You are a coding assistant.";
const greedy = { temperature: 0, maxTokens: 120 };

describe("sampling, on a model", function () {
  this.timeout(120_000);
  const path = temporaryFolder();
  const engine = new LlamaEngine(() => undefined);
  let shown = "";
  let turns = 0;

  before(async () => {
    engine.onDidEmit((event) => {
      if (event.type === "text" && event.channel === "reply") shown += event.text;
    });
    await engine.load({ modelPath: demoModel, contextSize: 512, systemPrompt, gpu: false, threads: 1 });
  });
  beforeEach(async () => {
    await engine.reset();
    shown = "";
  });
  after(() => engine.close());

  function send(text: string, options: ReplyOptions): Promise<TurnResult> {
    const turnId = `turn.${++turns}`;
    return engine.send({ turnId, parts: [{ id: `${turnId}.text`, kind: "text", text }] }, options);
  }

  /** Books, cells and the library's meter agree, and the reply in the cells reads as the reply that was shown. */
  function assertBooks(turnId: string, reply: string): void {
    const { conversation, sequence, tokenizer } = engine.opened;
    const { cache } = conversation;
    assert.equal(cache.floating, 0);
    assert.deepEqual(
      cache.segments.flatMap((segment) => segment.tokens),
      [...sequence.tokens],
    );
    assert.equal(tokenizer.decode(cache.content(`${turnId}.reply`)?.tokens ?? [], [], false), reply);
  }

  it("ends at a stop string at every place of a reply, wherever its tokens are cut", async () => {
    const whole = (await send("Write a function to sort a table.", { sampling: greedy })).text;
    assert.ok(whole.length > 40, whole);
    const before = engine.opened.conversation.cache.reprocessed;
    for (let place = 1; place < 40; place++) {
      const stop = whole.slice(place, place + 6);
      const expected = whole.slice(0, whole.indexOf(stop));
      await engine.reset();
      shown = "";
      const result = await send("Write a function to sort a table.", { sampling: greedy, stopStrings: [stop] });
      assert.equal(result.stopReason, "stopString");
      assert.deepEqual([result.text, shown], [expected, expected]);
      await send("And?", { sampling: { ...greedy, maxTokens: 3 } });
      assertBooks(result.turnId, expected);
    }
    assert.equal(engine.opened.conversation.cache.reprocessed, before, "nothing was evaluated twice");
  });

  it("keeps to a JSON schema, whatever the model would say", async () => {
    const jsonSchema = {
      type: "object",
      properties: {
        verdict: { enum: ["good", "bad"] },
        lines: { type: "array", items: { type: "integer" }, minItems: 2, maxItems: 2 },
        note: { type: "string", maxLength: 12 },
      },
    } as const;
    for (let seed = 0; seed < 5; seed++) {
      const sampling = { temperature: 1.5, topK: 0, topP: 1, minP: 0, seed, maxTokens: 400 };
      const result = await send("Review this.", { sampling, jsonSchema });
      assert.equal(result.stopReason, "end", result.text);
      const value = JSON.parse(result.text) as { verdict: string; lines: number[]; note: string };
      assert.deepEqual(Object.keys(value), ["verdict", "lines", "note"]);
      assert.ok(["good", "bad"].includes(value.verdict) && value.lines.length === 2 && value.note.length <= 12);
      assert.ok(value.lines.every((line) => Number.isInteger(line)));
    }
    const { cache } = engine.opened.conversation;
    assert.deepEqual(
      cache.segments.flatMap((segment) => segment.tokens),
      [...engine.opened.sequence.tokens],
    );
  });

  it("goes on in its grammar when a reply that was cut off is continued", async () => {
    const options = { grammar: 'root ::= "[" [0-9] ("," [0-9]){20} "]"' };
    const first = await send("Count.", { ...options, sampling: { ...greedy, maxTokens: 9 } });
    assert.equal(first.stopReason, "maxTokens");
    const more = await engine.continueReply({ ...options, sampling: greedy });
    assert.equal(more.stopReason, "end");
    const list = JSON.parse(first.text + more.text) as number[];
    assert.equal(list.length, 21);
  });

  it("holds side questions to a schema too, in the middle of a reply", async () => {
    let asked: Promise<string> | undefined;
    const listening = engine.onDidEmit((event) => {
      if (event.type !== "text" || asked !== undefined || !event.id.startsWith("turn.")) return;
      const options = { sampling: greedy, jsonSchema: { type: "boolean" } };
      asked = engine.detour("side", "Is it so?", options).then((result) => result.text);
    });
    await send("Write a function to sort a table.", { sampling: greedy });
    listening.dispose();
    assert.match((await asked) ?? "", /^(true|false)$/);
  });

  it("refuses grammars and schemas that it cannot keep to, before anything is evaluated", async () => {
    const { decodedTokens } = (await engine.cacheState()).counters;
    const cases: readonly [Partial<ReplyOptions>, string][] = [
      [{ grammar: "no grammar" }, "grammar-invalid"],
      [{ grammar: "root ::= missing" }, "grammar-invalid"],
      [{ jsonSchema: { type: "string", pattern: "a" } }, "schema-unsupported"],
      [{ jsonSchema: { type: "string" }, grammar: 'root ::= "a"' }, "usage"],
    ];
    for (const [options, code] of cases) {
      await assert.rejects(
        send("Hello.", { sampling: greedy, ...options }),
        (error) => error instanceof DaylongError && error.code === code,
      );
    }
    assert.equal((await engine.cacheState()).counters.decodedTokens, decodedTokens);
    assert.equal((await send("Hello.", { sampling: greedy })).reprocessedTokens, 0);
  });

  it("repeats itself with the same seed, and differs with others", async () => {
    const texts = new Set<string>();
    for (const seed of [1, 1, 2, 3]) {
      await engine.reset();
      const sampling = { temperature: 1.5, topK: 0, topP: 1, minP: 0, seed, maxTokens: 30 };
      texts.add((await send("Tell me something.", { sampling })).text);
    }
    assert.equal(texts.size, 3);
  });

  it("narrows the choice with top-k, top-p and min-p down to the likeliest token", async () => {
    const expected = (await send("Tell me something.", { sampling: { ...greedy, maxTokens: 20 } })).text;
    const wide = { topK: 0, topP: 1, minP: 0 };
    for (const narrow of [{ topK: 1 }, { topP: 1e-6 }, { minP: 0.9999 }]) {
      await engine.reset();
      const sampling = { temperature: 0.9, ...wide, ...narrow, seed: 7, maxTokens: 20 };
      assert.equal((await send("Tell me something.", { sampling })).text, expected, JSON.stringify(narrow));
    }
  });

  it("is as the model's file recommends where nothing is asked for", async () => {
    const replies: string[] = [];
    for (const temperature of [0, 5]) {
      const modelPath = path(`${temperature}.gguf`);
      generateGguf(modelPath, { metadata: { "general.sampling.temp": float32(temperature) } });
      await engine.load({ modelPath, contextSize: 512, systemPrompt, gpu: false, threads: 1 });
      for (const seed of [1, 2]) {
        await engine.reset();
        replies.push((await send("Say something.", { sampling: { seed, maxTokens: 20 } })).text);
      }
    }
    assert.equal(replies[0], replies[1], "at 0 the seed changes nothing");
    assert.notEqual(replies[2], replies[3]);
  });
});
