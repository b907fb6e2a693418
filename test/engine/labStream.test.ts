import assert from "node:assert/strict";
import { evictionLimits } from "../../src/conversation/evictionPlan.ts";
import { LlamaTokenizer } from "../../src/engine/worker/llamaTokenizer.ts";
import { ask } from "../../src/lab/ask.ts";
import { streameval } from "../../src/lab/experiments/streameval.ts";
import type { LabContext } from "../../src/lab/experiment.ts";
import { demoFacts } from "../../src/lab/factLines.ts";
import { factStream, lineTurns, type FactStream } from "../../src/lab/factStream.ts";
import { LabModel } from "../../src/lab/labModel.ts";
import { slidingWindow, streaming } from "../../src/lab/policies.ts";
import { turnAligned } from "../../src/lab/turnAligned.ts";
import { policyReader, recomputingReader, type TextReader } from "../../src/lab/textReader.ts";
import { demoModel } from "../fixtures/engine/paths.ts";

describe("a stream of facts on the demo model", () => {
  let model: LabModel;
  let tokenizer: LlamaTokenizer;
  let stream: FactStream;
  before(async () => {
    model = await LabModel.open(demoModel, 1);
    tokenizer = new LlamaTokenizer(model.model);
    stream = factStream(demoFacts, tokenizer, 60, 60, 1);
  });
  after(() => model.dispose());

  const kept = 120;
  const readers: Record<string, { head: number; open: () => Promise<TextReader> }> = {
    streaming: {
      head: 4,
      open: async () => policyReader(await cells(), streaming(4, kept, 8), stream.tokens, 4),
    },
    "a window without sinks": {
      head: 0,
      open: async () => policyReader(await cells(), slidingWindow(kept, 8), stream.tokens, 0),
    },
    "turn-aligned": {
      head: 4,
      open: async () =>
        policyReader(await cells(), turnAligned(4, lineTurns(stream, 4), evictionLimits(256)), stream.tokens, 4),
    },
    "re-computation": {
      head: 0,
      open: async () => recomputingReader(await cells(), "re-computation", stream.tokens, kept),
    },
  };
  const cells = (): ReturnType<LabModel["cells"]> => model.cells({ contextSize: 256 });

  for (const [name, { head, open }] of Object.entries(readers)) {
    it(`holds the head and the newest tokens, as it says: ${name}`, async () => {
      const reader = await open();
      for (const line of [0, 10, 11, 40, 59]) {
        const end = stream.lines[line]?.end ?? 0;
        await reader.readTo(end);
        const from = Math.max(reader.keptFrom, head);
        assert.deepEqual(reader.cells.tokens, [...stream.tokens.slice(0, head), ...stream.tokens.slice(from, end)]);
        if (end < kept) assert(reader.keptFrom <= head);
      }
      assert(reader.keptFrom > 200, "much was forgotten");
      await reader.cells.dispose();
    });
  }

  it("is asked without a trace, and answers as far as it was trained", async () => {
    const reader = await readers["streaming"]!.open();
    await reader.readTo(stream.lines[40]?.end ?? 0);
    const before = reader.cells.tokens;
    const next = stream.lines[41]?.question.slice(0, 3) ?? [];
    const expected = await reader.cells.predict(next);
    await reader.cells.erase([{ start: before.length, end: reader.cells.length }]);
    let right = 0;
    for (const distance of [4, 5, 6, 7, 8]) {
      const line = stream.lines[40 - distance];
      const answer = await ask(reader.cells, tokenizer, line?.question ?? [], "\n", 10);
      if (answer === ` ${line?.fact.value ?? ""}\n`) right++;
      assert.deepEqual(reader.cells.tokens, before);
    }
    assert(right >= 3, `${right} of 5`);
    assert.deepEqual(await reader.cells.predict(next), expected, "bit-identical");
    await reader.cells.dispose();
  });

  it("runs as an experiment: forgotten facts are not answered, recalled ones are", async () => {
    const flags: Record<string, readonly number[]> = { samples: [3], distances: [6, 30], recalled: [7] };
    const context: LabContext = {
      quick: true,
      modelPath: undefined,
      textPath: undefined,
      folder: "",
      threads: 1,
      seed: 1,
      number: (name, otherwise) => flags[name]?.[0] ?? otherwise,
      numbers: (name, otherwise) => flags[name] ?? otherwise,
      progress: () => Promise.resolve(),
    };
    const { raw, tables, settings } = await streameval.run(context);
    const { questions } = raw as {
      questions: { policy: string; lines: number; samples: number; inWindow: number; right: number }[];
    };
    assert.equal(settings["samples"], 3);
    assert(tables.length === 2 && questions.every(({ samples }) => samples === 3));
    for (const { policy, lines, inWindow, right } of questions) {
      const isKept = lines === 6 || policy.startsWith("dense");
      assert.equal(inWindow, isKept ? 3 : 0, policy);
      if (isKept && lines > 6) continue; // farther back than the model was trained at
      const isAnswered = isKept || policy.includes("recall");
      assert(isAnswered ? right >= 2 : right === 0, `${policy}, ${lines} lines back: ${right} of 3`);
    }
  });
});
