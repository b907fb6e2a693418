import assert from "node:assert/strict";
import { evenShare, MeanAttention, shownLayers } from "../../src/lab/attentionStatistics.ts";
import { DemoTalk, explainFunction, writeFunction } from "../../src/lab/demoTalk.ts";
import { divergence, likeliest } from "../../src/lab/likelihood.ts";
import { demoQuestions, quizQuestions } from "../../src/lab/questionStream.ts";
import { quizQuestion, quizText } from "../../src/lab/quiz.ts";
import { SampleRandom } from "../../src/lab/random.ts";
import { demoRules, instructedRules } from "../../src/lab/ruledTalk.ts";
import { TimeBudget } from "../../src/lab/timeBudget.ts";
import { CharacterTokenizer } from "../fixtures/characterTokenizer.ts";

const tokenizer = new CharacterTokenizer(["<|im_start|>", "<|im_end|>"], undefined);

describe("questions of the lab", () => {
  it("have four different options, the right one where it is said to be", () => {
    const random = new SampleRandom(1);
    const places = [0, 0, 0, 0];
    for (let count = 0; count < 400; count++) {
      const { kind, text, options, right } = quizQuestion(random);
      assert.equal(new Set(options).size, 4, text);
      places[right] = (places[right] ?? 0) + 1;
      const value = Number(options[right]);
      if (kind === "arithmetic") {
        const [, left, sign, other] = /^What is (\d+) ([+-]) (\d+)\?$/.exec(text) ?? [];
        assert.equal(value, Number(left) + (sign === "+" ? 1 : -1) * Number(other), text);
      } else if (kind === "order") {
        const numbers = options.map(Number);
        assert.equal(value, text.includes("largest") ? Math.max(...numbers) : Math.min(...numbers), text);
      }
    }
    assert(Math.min(...places) > 60, `every place comes: ${places.join()}`);
  });

  it("name only words of the category that is asked for", () => {
    const random = new SampleRandom(2);
    const rightOf = new Map<string, Set<string>>();
    const wrongOf = new Map<string, Set<string>>();
    for (let count = 0; count < 3000; count++) {
      const { kind, text, options, right } = quizQuestion(random);
      if (kind !== "words") continue;
      for (const [index, option] of options.entries()) {
        const lists = index === right ? rightOf : wrongOf;
        lists.set(text, (lists.get(text) ?? new Set()).add(option));
      }
    }
    assert.equal(rightOf.size, 6);
    for (const [text, words] of rightOf)
      for (const word of words) assert(!wrongOf.get(text)?.has(word), `${text} ${word}`);
  });

  it("are written with letters", () => {
    const text = quizText({ kind: "order", text: "Which?", options: ["4", "2", "3", "1"], right: 0 });
    assert.equal(text, "Question: Which?\nA. 4\nB. 2\nC. 3\nD. 1\nAnswer:");
  });

  for (const [name, make] of Object.entries({ demoQuestions, quizQuestions })) {
    it(`stand in the stream where they say, the same for the same seed: ${name}`, () => {
      const stream = make(tokenizer, 20, 4);
      assert.deepEqual(make(tokenizer, 20, 4).tokens, stream.tokens);
      assert.notDeepEqual(make(tokenizer, 20, 5).tokens, stream.tokens);
      let end = stream.head.length;
      for (const question of stream.questions) {
        assert.equal(question.start, end);
        assert.deepEqual(stream.tokens.slice(question.start, question.start + question.prompt.length), question.prompt);
        assert(question.end > question.start + question.prompt.length, "the right answer follows");
        assert(question.end - question.start < stream.room);
        end = question.end;
      }
      assert.equal(end, stream.tokens.length);
    });
  }
});

describe("talk of the demo model's kind", () => {
  it("asks only for what was told, and gives the newest value", () => {
    const talk = new DemoTalk(new SampleRandom(3), new Set(["green cache"]));
    const told = new Map<string, string>();
    let asked = 0;
    for (let turn = 0; turn < 500; turn++) {
      const { user, assistant } = talk.next();
      assert(!user.includes("green cache"));
      const fact = /^Noted: the (.+) is (\d+)\.$/.exec(assistant);
      if (fact !== null) told.set(fact[1] ?? "", fact[2] ?? "");
      const question = /^What is the (.+)\?$/.exec(user);
      if (question === null) continue;
      asked++;
      assert.equal(assistant, `The ${question[1] ?? ""} is ${told.get(question[1] ?? "") ?? "?"}.`);
    }
    assert(asked > 100);
  });

  it("writes and explains the same kind of function", () => {
    const [written, explained] = [writeFunction(new SampleRandom(5)), explainFunction(new SampleRandom(5))];
    assert.match(
      written.assistant,
      /^Use this function:\n```ts\nfunction \w+\(\w+: \w+\) \{\n {4}return \w+\.\w+\(\);\n\}\n```$/,
    );
    assert(explained.user.endsWith(written.assistant.slice("Use this function:\n".length)));
  });

  it("has probes that are right for what the system prompt says, and only for that", () => {
    const { systemPrompt, probes } = demoRules(6);
    for (const { question, isFollowed } of probes) {
      const key = /^What is the (.+)\?$/.exec(question)?.[1] ?? "";
      const answer = systemPrompt.split("\n").find((line) => line.includes(key)) ?? "";
      assert(isFollowed(answer) && isFollowed(` ${answer}\n`));
      assert(!isFollowed(answer.replace(/\d+/, "9")) && !isFollowed(""));
    }
    const [rule] = instructedRules(6).probes;
    assert(rule?.isFollowed("Daylong: yes") === true && !rule.isFollowed("Yes. Daylong:"));
  });
});

describe("figures of the lab", () => {
  it("reckons the divergence of two distributions", () => {
    const [even, sharp] = [Float64Array.of(0.5, 0.5), Float64Array.of(0.9, 0.1)];
    assert.equal(divergence(even, even), 0);
    assert(Math.abs(divergence(even, sharp) - (0.5 * Math.log(0.5 / 0.9) + 0.5 * Math.log(0.5 / 0.1))) < 1e-12);
    assert.equal(likeliest(Float64Array.of(0.1, 0.7, 0.2)), 1);
  });

  it("averages attention over texts and heads", () => {
    // Two heads, two tokens: [head][from][to].
    const mean = new MeanAttention(2, 2);
    const layer = { layer: 0, heads: 2, tokens: 2 };
    mean.add({ ...layer, weights: Float32Array.of(1, 0, 0.5, 0.5, 1, 0, 0.25, 0.75) });
    mean.add({ ...layer, weights: Float32Array.of(1, 0, 0, 1, 1, 0, 0.75, 0.25) });
    assert.deepEqual(mean.map(), [
      [1, 0],
      [0.375, 0.625],
    ]);
    assert.deepEqual(mean.firstTokenShares(1), [0.25, 0.5]);
    assert.equal(evenShare(1, 4), (1 / 2 + 1 / 3 + 1 / 4) / 3);
  });

  it("shows all layers of a small model, and eight of a deep one with the first and the last", () => {
    assert.deepEqual(shownLayers(4), [0, 1, 2, 3]);
    assert.deepEqual(shownLayers(32), [0, 1, 2, 8, 14, 19, 25, 31]);
    for (let layers = 9; layers < 100; layers++) {
      const shown = shownLayers(layers);
      assert.equal(new Set(shown).size, 8);
      assert.equal(shown.at(-1), layers - 1);
    }
  });

  it("has time as given: none on the demo model but by request", () => {
    const number = (_name: string, otherwise: number): number => otherwise;
    const budget = new TimeBudget({ quick: false, modelPath: undefined, number });
    assert.equal(budget.isSpent(), false);
    assert.equal(budget.used(3, 4), 0.75);
    const spent = new TimeBudget({ quick: true, modelPath: "m.gguf", number: () => 0 });
    assert.equal(spent.isSpent(), true);
    assert.equal(spent.used(0, 4), 1);
  });
});
