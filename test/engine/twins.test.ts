import assert from "node:assert/strict";
import path from "node:path";
import type { Token } from "node-llama-cpp";
import { LlamaEngine } from "../../src/engine/worker/llamaEngine.ts";
import { readWeights } from "../fixtures/gguf/readWeights.ts";
import { recipes } from "../training/recipes.ts";
import { dialogue, systemPrompt } from "../training/text/dialogues.ts";
import { SeededRandom } from "../fixtures/gguf/randomWeights.ts";
import { singleTokenLogits } from "../fixtures/singleTokenForward.ts";

const folder = path.resolve(import.meta.dirname, "../fixtures/twins");
const greedy = { temperature: 0, maxTokens: 40 };

describe("the trained twins", function () {
  this.timeout(60_000);
  const engine = new LlamaEngine(() => undefined);
  after(() => engine.close());

  function load(name: string): ReturnType<LlamaEngine["load"]> {
    const modelPath = path.join(folder, `${name}.gguf`);
    return engine.load({ modelPath, contextSize: 256, systemPrompt, gpu: false, threads: 1 });
  }

  for (const [name, mode, startsWithOwnToken] of [
    ["vanilla", "stream", false],
    ["learnable-sink", "stream", true],
    ["zero-sink", "stream", true],
    ["yarn", "recompute", true],
  ] as const) {
    it(`${name}: loads in mode ${mode} and answers`, async () => {
      const loaded = await load(name);
      assert.equal(loaded.mode, mode, loaded.reasons.join(" "));
      assert.equal(loaded.verdict.headDim, 64);
      const { runtime, tokenizer } = engine.opened;
      const text = dialogue(new SeededRandom(1)) + "const größe = [1, 2];\n\t// 完\n";
      assert.equal(tokenizer.decode(tokenizer.encode(text, true), [], true), text);
      assert.equal(runtime.model.tokens.shouldPrependBosToken, startsWithOwnToken);
      const parts = [{ id: "turn.1.text", kind: "text" as const, text: "Write a function to sort a table." }];
      const { text: reply } = await engine.send({ turnId: "turn.1", parts }, { sampling: greedy });
      assert.equal(engine.opened.sequence.tokens[0] === runtime.model.tokens.bos, startsWithOwnToken);
      assert.match(reply, /\w+/);
    });
  }

  it("zero-sink: its first token is exactly one more in the denominator of each softmax", async () => {
    await load("zero-sink");
    const { vocabulary, width } = recipes["zero-sink"].shape;
    const weights = readWeights(path.join(folder, "zero-sink.gguf"));
    const embeddings = weights.get("token_embd.weight")!;
    assert.equal(embeddings.length, vocabulary * width);
    const { model } = engine.opened.runtime;
    const zeroToken = model.tokens.bos!;
    const row = embeddings.subarray(zeroToken * width, (zeroToken + 1) * width);
    assert.ok(row.every((value) => value === 0));
    assert.ok(embeddings.subarray(width).some((value) => value !== 0));
    const context = await model.createContext({ contextSize: 256, threads: 1 });
    try {
      const sequence = context.getSequence();
      for (const token of model.tokenize(" parser value const").slice(0, 4)) {
        await sequence.clearHistory();
        const evaluated = await sequence.controlledEvaluate([
          zeroToken,
          [token, { generateNext: { probabilities: true } }],
        ]);
        const seen = evaluated[1]!.next.probabilities!;
        const divergence = (extra: number): number =>
          klDivergence(seen, singleTokenLogits(weights, recipes["zero-sink"].shape, token, extra));
        // Seen: up to 1e-4, from 8-bit products; without the token in the denominator at least a hundred times as much.
        assert.ok(divergence(1) < 1e-3, `token ${token}: ${divergence(1)} nats from softmax-off-by-one`);
        assert.ok(divergence(0) > 10 * divergence(1), `token ${token}: ${divergence(0)} nats from plain softmax`);
      }
    } finally {
      await context.dispose();
    }
  });
});

/** Nats from what the engine predicts to the softmax of logits. */
function klDivergence(seen: ReadonlyMap<Token, number>, logits: Float32Array): number {
  const largest = Math.max(...logits);
  const logSum = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0)) + largest;
  let divergence = 0;
  for (const [token, probability] of seen) {
    if (probability > 0) divergence += probability * (Math.log(probability) - logits[token]! + logSum);
  }
  return divergence;
}
