import assert from "node:assert/strict";
import { getLlama, LlamaLogLevel, type Llama } from "node-llama-cpp";
import type { Token } from "../../src/conversation/tokenSequence.ts";
import { tensorBlocks } from "../../src/engine/worker/ggufFormat.ts";
import { LabCells } from "../../src/lab/labCells.ts";
import { lossOf, ReferenceModel } from "../../src/lab/reference/referenceModel.ts";
import { readTypes } from "../../src/lab/reference/tensorTypes.ts";
import { generateGguf, generateMetadataOnlyGguf, type FixtureModel } from "../fixtures/generateGguf.ts";
import { demoModel } from "../fixtures/engine/paths.ts";
import { floatBytes, halfBytes, SeededRandom } from "../fixtures/gguf/randomWeights.ts";
import { rewriteGguf } from "../fixtures/gguf/rewriteGguf.ts";
import { temporaryFolder } from "../fixtures/gguf/temporaryFolder.ts";
import { text } from "../fixtures/gguf/writeGguf.ts";

const sentence =
  "export function count(words: string[]): number {\n  return words.length;\n}\nthe value of green cache is 47\n";

describe("the reference computation against the engine", () => {
  const path = temporaryFolder();
  let llama: Llama;
  before(async () => {
    llama = await getLlama({ gpu: false, build: "never", skipDownload: true, logLevel: LlamaLogLevel.error });
  });
  after(() => llama.dispose());

  interface Compared {
    readonly tokens: readonly Token[];
    /** By token of the text that asks for the next one. */
    readonly losses: readonly { readonly engine: number; readonly reference: number }[];
    /** The largest difference of two probabilities after the last token. */
    readonly apart: number;
    readonly sameBest: boolean;
  }

  async function compare(modelPath: string): Promise<Compared> {
    const model = await llama.loadModel({ modelPath, gpuLayers: 0 });
    const reference = new ReferenceModel(modelPath);
    try {
      const { bos } = model.tokens;
      const tokens: Token[] = [...(bos === null ? [] : [bos]), ...model.tokenize(sentence).slice(0, 48)];
      const context = await model.createContext({ contextSize: 256, threads: 1 });
      const cells = new LabCells(context, () => context.dispose());
      const targets = tokens.map((_, index) => tokens[index + 1]);
      const engine = await cells.score(tokens, targets);
      await cells.clear();
      const predicted = await cells.predict(tokens);
      const hidden = reference.read(tokens);
      const losses = tokens.slice(1).map((token, index) => ({
        engine: engine[index] ?? Number.NaN,
        reference: lossOf(reference.logits(hidden, index), token),
      }));
      const logits = reference.logits(hidden, tokens.length - 1);
      const computed = Array.from(logits, (_, token) => Math.exp(-lossOf(logits, token)));
      assert.equal(predicted.length, computed.length);
      return {
        tokens,
        losses,
        apart: Math.max(...computed.map((value, token) => Math.abs(value - (predicted[token] ?? 0)))),
        sameBest: best(computed) === best([...predicted]),
      };
    } finally {
      reference.close();
      await model.dispose();
    }
  }

  /** But for the engine's keys and values, which have 16 bits. */
  function assertAlike({ losses, apart, sameBest }: Pick<Compared, "losses" | "apart" | "sameBest">): void {
    const differences = losses.map(({ engine, reference }) => Math.abs(engine - reference) / (1 + reference));
    const mean = differences.reduce((sum, difference) => sum + difference, 0) / differences.length;
    assert(mean < 0.001 && Math.max(...differences) < 0.01, `${mean}, ${String(differences)}`);
    assert(apart < 0.005 && sameBest, String(apart));
  }

  const kinds: Record<string, Partial<FixtureModel>> = {
    "llama, grouped queries": { layers: 3, weights: "f32" },
    "qwen2, with biases": { architecture: "qwen2", layers: 3, weights: "f32" },
    "qwen3, with norms of queries and keys, positions scaled": {
      architecture: "qwen3",
      layers: 3,
      weights: "f32",
      rope: { type: "linear", factor: 4, originalContext: 512 },
    },
  };
  for (const [name, model] of Object.entries(kinds)) {
    it(`gives the same losses and probabilities: ${name}`, async () => {
      generateGguf(path("model.gguf"), model);
      assertAlike(await compare(path("model.gguf")));
    });
  }

  /** Bytes of a block where half-precision numbers stand, and how large these must be for elements of about 0.04. */
  const halves: Readonly<Record<string, readonly (readonly [at: number, size: number])[]>> = {
    F16: [[0, 0.04]],
    Q4_0: [[0, 0.008]],
    Q4_1: [
      [0, 0.008],
      [2, -0.06],
    ],
    Q5_0: [[0, 0.004]],
    Q5_1: [
      [0, 0.004],
      [2, -0.06],
    ],
    Q8_0: [[0, 0.0006]],
    Q2_K: [
      [80, 0.004],
      [82, 0.006],
    ],
    Q3_K: [[108, 0.001]],
    Q4_K: [
      [0, 0.0002],
      [2, 0.0015],
    ],
    Q5_K: [
      [0, 0.0001],
      [2, 0.0015],
    ],
    Q6_K: [[208, 4e-5]],
    IQ4_NL: [[0, 0.0007]],
    IQ4_XS: [[0, 4e-5]],
  };
  for (const [type, name] of readTypes) {
    if (name === "F32") continue; // compared above
    it(`reads weights as llama.cpp does: ${name}`, async () => {
      generateGguf(path("plain.gguf"), { width: 256, weights: "f32" });
      const random = new SeededRandom(type);
      const { elements, bytes } = tensorBlocks.get(type)!;
      const upperHalves = (): Buffer => {
        const written = Buffer.alloc(263 * 256 * bytes);
        for (let at = 0; at < written.length; at += bytes) floatBytes([0.04 * random.normal()]).copy(written, at, 2);
        return written;
      };
      const blocks = (): Buffer => {
        const written = Buffer.from(Array.from({ length: (263 * 256 * bytes) / elements }, () => random.below(256)));
        for (let block = 0; block < written.length; block += bytes) {
          for (const [at, size] of halves[name] ?? [])
            halfBytes([size * (0.5 + random.next())]).copy(written, block + at);
        }
        return written;
      };
      // Embeddings are looked up, not multiplied: there llama.cpp rounds nothing.
      rewriteGguf(
        path("plain.gguf"),
        path("typed.gguf"),
        {},
        { "token_embd.weight": { type, data: name === "BF16" ? upperHalves : blocks } },
      );
      assertAlike(await compare(path("typed.gguf")));
    });
  }

  it("agrees with the trained demo model up to the rounding of 8 bits", async () => {
    const { losses, apart, sameBest } = await compare(demoModel);
    const mean = losses.reduce((sum, { engine, reference }) => sum + Math.abs(engine - reference), 0) / losses.length;
    assert(mean < 0.05, String(mean));
    assert(apart < 0.05 && sameBest, String(apart));
  });

  it("attends to tokens before only, with weights that sum to 1", () => {
    const reference = new ReferenceModel(demoModel);
    const tokens = [0, 40, 41, 42, 43, 44];
    const layers: number[] = [];
    reference.read(tokens, ({ layer, heads, tokens: count, weights }) => {
      layers.push(layer);
      for (let row = 0; row < heads * count; row++) {
        const from = row % count;
        const values = [...weights.subarray(row * count, (row + 1) * count)];
        assert(Math.abs(values.reduce((sum, value) => sum + value, 0) - 1) < 1e-5);
        assert(values.slice(from + 1).every((value) => value === 0));
      }
    });
    reference.close();
    assert.deepEqual(layers, [0, 1, 2, 3]);
  });

  it("refuses in words what it does not know", () => {
    generateMetadataOnlyGguf(path("other.gguf"), { "general.architecture": text("gemma2") });
    assert.throws(() => new ReferenceModel(path("other.gguf")), /llama, mistral3, qwen2, qwen3; this is gemma2/);
  });
});

function best(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}
