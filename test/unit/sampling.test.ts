import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { DaylongError } from "../../src/base/errors.ts";
import { replyOptionsOf } from "../../src/chat/engineOptions.ts";
import type { ChatSettings } from "../../src/chat/chatHost.ts";
import { replyOptions } from "../../src/cli/replyOptions.ts";
import { inspectModel } from "../../src/engine/worker/modelGate.ts";
import { completeSampling } from "../../src/engine/worker/samplingDefaults.ts";
import { generateGguf } from "../fixtures/generateGguf.ts";
import { temporaryFolder } from "../fixtures/gguf/temporaryFolder.ts";
import { float32, text, uint32 } from "../fixtures/gguf/writeGguf.ts";

const codeDefaults = { temperature: 0.2, topK: 40, topP: 0.95, minP: 0.05, repeatPenalty: 1 };

describe("sampling defaults", () => {
  const path = temporaryFolder();

  it("are those that the model's file recommends, and for the rest what suits code", async () => {
    generateGguf(path("qwen.gguf"), {
      metadata: {
        "general.sampling.temp": float32(0.7),
        "general.sampling.top_k": { type: "int32", value: 20 },
        "general.sampling.top_p": float32(0.8),
        "general.sampling.penalty_repeat": float32(1.05),
      },
    });
    const { sampling, samplingFromModel } = await inspectModel(path("qwen.gguf"));
    assert.deepEqual(sampling, { temperature: 0.7, topK: 20, topP: 0.8, minP: 0.05, repeatPenalty: 1.05 });
    assert.deepEqual(samplingFromModel, ["temperature", "topK", "topP", "repeatPenalty"]);
  });

  it("suit code where the file recommends nothing, or nothing that makes sense", async () => {
    generateGguf(path("odd.gguf"), {
      metadata: {
        "general.sampling.temp": float32(Number.NaN),
        "general.sampling.top_k": { type: "int32", value: -1 },
        "general.sampling.top_p": text("0.8"),
        "general.sampling.min_p": uint32(7),
        "general.sampling.penalty_repeat": float32(0),
      },
    });
    generateGguf(path("plain.gguf"));
    for (const name of ["odd.gguf", "plain.gguf"]) {
      const { sampling, samplingFromModel } = await inspectModel(path(name));
      assert.deepEqual(sampling, codeDefaults);
      assert.deepEqual(samplingFromModel, []);
    }
  });

  it("give way to what is asked for, zero included", () => {
    assert.deepEqual(completeSampling({ temperature: 0, topK: 0, seed: 5 }, codeDefaults), {
      ...codeDefaults,
      temperature: 0,
      topK: 0,
      seed: 5,
    });
  });
});

describe("sampling from the settings", () => {
  const settings: ChatSettings = {
    modelPath: "",
    contextSize: 0,
    gpu: "auto",
    valueCache: "f16",
    systemPrompt: "",
    temperature: null,
    sampling: {},
    maxTokens: 100,
    unloadAfterMinutes: 0,
    stopStrings: [],
    sendWith: "enter",
  };

  it("leaves to the model what is not set", () => {
    assert.deepEqual(replyOptionsOf(settings), { sampling: { maxTokens: 100 } });
  });

  it("hands on what is set", () => {
    const sampling = { topK: 5, topP: 0.5, minP: 0, repeatPenalty: 1.1, seed: 3 };
    assert.deepEqual(replyOptionsOf({ ...settings, temperature: 0, sampling, stopStrings: ["###"] }), {
      sampling: { temperature: 0, ...sampling, maxTokens: 100 },
      stopStrings: ["###"],
    });
  });

  it("passes over what makes no sense", () => {
    const sampling = { topK: "5", topP: 0, minP: -1, repeatPenalty: Number.NaN, seed: 1.5, mirostat: 2 };
    assert.deepEqual(replyOptionsOf({ ...settings, temperature: -1, sampling, stopStrings: ["", 4, null] }), {
      sampling: { maxTokens: 100 },
    });
  });
});

describe("sampling on the command line", () => {
  const path = temporaryFolder();

  it("is read from the flags and files", () => {
    writeFileSync(path("schema.json"), '{"type": "object"}');
    assert.deepEqual(
      replyOptions({ "top-k": "3", "min-p": "0.1", stop: ["a", "b"], "json-schema": path("schema.json") }),
      {
        sampling: { topK: 3, minP: 0.1 },
        stopStrings: ["a", "b"],
        jsonSchema: { type: "object" },
      },
    );
    writeFileSync(path("a.gbnf"), 'root ::= "a"');
    assert.equal(replyOptions({ grammar: path("a.gbnf") }).grammar, 'root ::= "a"');
  });

  it("that cannot be meant is a wrong call", () => {
    writeFileSync(path("list.json"), "[]");
    writeFileSync(path("text.json"), "no json");
    const wrong: Parameters<typeof replyOptions>[0][] = [
      { "top-p": "2" },
      { "top-k": "1.5" },
      { temperature: "-1" },
      { "json-schema": path("missing.json") },
      { "json-schema": path("list.json") },
      { "json-schema": path("text.json") },
      { "json-schema": path("list.json"), grammar: path("list.json") },
    ];
    for (const values of wrong) {
      assert.throws(
        () => replyOptions(values),
        (error) => error instanceof DaylongError && error.code === "usage",
      );
    }
  });
});
