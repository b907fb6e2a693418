import assert from "node:assert/strict";
import { judge, type ModelTraits } from "../../src/engine/worker/gatePolicy.ts";
import { architectureKind } from "../../src/engine/worker/architectures.ts";

const plain: ModelTraits = {
  architecture: "llama",
  kind: "plain",
  addition: undefined,
  hasVocabulary: true,
  hasWeights: true,
  pooled: false,
  causal: true,
  ropeSections: false,
  keyScalePerShift: 1,
  slidingWindow: 0,
  learnedPositions: false,
};
const recompute = { recomputeSupported: true };
const today = { recomputeSupported: false };

describe("gate policy", () => {
  it("streams a plain full-attention model, and gives no reasons", () => {
    assert.deepEqual(judge(plain, today), { mode: "stream", reasons: [] });
    assert.deepEqual(judge(plain, recompute), { mode: "stream", reasons: [] });
  });

  const unshiftable: [string, Partial<ModelTraits>, RegExp][] = [
    ["recurrent", { kind: "recurrent", architecture: "mamba" }, /running state.*cut out/],
    ["hybrid", { kind: "hybrid", architecture: "lfm2" }, /^Part of this model \(lfm2\)/],
    ["M-RoPE by architecture", { kind: "dimensions" }, /several dimensions/],
    ["M-RoPE by metadata", { ropeSections: true }, /several dimensions/],
    ["rotary sizes per layer", { kind: "perLayer", architecture: "step35" }, /number positions differently/],
    ["layers without rotation", { kind: "unrotated", architecture: "smollm3" }, /ignore positions/],
    ["learned positions", { learnedPositions: true }, /by heart/],
    ["YaRN", { keyScalePerShift: 1.1386 }, /YaRN or LongRoPE/],
    ["a LongRoPE factor below one", { keyScalePerShift: 0.9 }, /YaRN or LongRoPE/],
    ["compressed keys", { kind: "compressed", architecture: "deepseek2" }, /compressed form/],
    ["an architecture not checked", { kind: "unchecked", architecture: "deci" }, /has not been checked/],
    ["a sliding window", { kind: "sliding", slidingWindow: 1024 }, /only 1024 tokens/],
  ];
  for (const [name, traits, reason] of unshiftable) {
    it(`recomputes where it can, and refuses where it cannot: ${name}`, () => {
      const later = judge({ ...plain, ...traits }, recompute);
      assert.equal(later.mode, "recompute");
      assert.equal(later.reasons.length, 1);
      assert.match(later.reasons[0]!, reason);
      const now = judge({ ...plain, ...traits }, today);
      assert.equal(now.mode, "refuse");
      assert.match(now.reasons[0]!, reason);
      assert.match(now.reasons[1]!, /does not do yet/);
      assert.equal(now.maxStreamWindow, undefined);
    });
  }

  const unusable: [string, Partial<ModelTraits>, RegExp][] = [
    ["an adapter", { addition: "adapter" }, /an addition to one \(adapter\)/],
    ["an unknown architecture", { kind: undefined, architecture: "zzz" }, /"zzz"/],
    ["no vocabulary", { hasVocabulary: false }, /no vocabulary/],
    ["no weights", { hasWeights: false }, /no weights/],
    ["an encoder", { kind: "encoder" }, /search and ranking/],
    ["an embedding model of a chat architecture", { pooled: true }, /search and ranking/],
    ["attention both ways", { causal: false }, /search and ranking/],
    ["diffusion", { kind: "diffusion" }, /diffusion/],
    ["a part of another model", { kind: "part", architecture: "clip" }, /helper of another model \(clip\)/],
  ];
  for (const [name, traits, reason] of unusable) {
    it(`refuses whatever the engine can do: ${name}`, () => {
      const verdict = judge({ ...plain, ...traits }, recompute);
      assert.equal(verdict.mode, "refuse");
      assert.match(verdict.reasons.join(" "), reason);
    });
  }

  it("offers a window within the sliding window, in the library's steps of 256", () => {
    const sliding = { ...plain, kind: "sliding" as const };
    assert.equal(judge({ ...sliding, slidingWindow: 1024 }, recompute).maxStreamWindow, 1024);
    assert.equal(judge({ ...sliding, slidingWindow: 700 }, recompute).maxStreamWindow, 512);
    assert.equal(judge({ ...sliding, slidingWindow: 128 }, recompute).maxStreamWindow, undefined);
  });

  it("offers no such window where something else is in the way too", () => {
    const verdict = judge({ ...plain, kind: "sliding", slidingWindow: 1024, keyScalePerShift: 1.35 }, recompute);
    assert.equal(verdict.maxStreamWindow, undefined);
    assert.equal(verdict.reasons.length, 2);
  });

  it("says what happened in whole sentences", () => {
    for (const [, traits] of [...unshiftable, ...unusable]) {
      for (const reason of judge({ ...plain, ...traits }, today).reasons) assert.match(reason, /^[A-Z].*\.$/);
    }
  });

  it("knows the architectures that matter", () => {
    assert.equal(architectureKind("llama"), "plain");
    assert.equal(architectureKind("qwen35"), "hybrid");
    assert.equal(architectureKind("gpt-oss"), "sliding");
    assert.equal(architectureKind("bert"), "encoder");
    assert.equal(architectureKind("nonsense"), undefined);
  });
});
