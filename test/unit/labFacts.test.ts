import assert from "node:assert/strict";
import { demoFacts, factLines, isRightAnswer, registerFacts } from "../../src/lab/factLines.ts";
import { factStream, lineTurns } from "../../src/lab/factStream.ts";
import { inPercent, proportion } from "../../src/lab/proportion.ts";
import { SampleRandom } from "../../src/lab/random.ts";
import { WordSearch } from "../../src/lab/wordSearch.ts";
import { CharacterTokenizer } from "../fixtures/characterTokenizer.ts";

describe("facts asked for by distance", () => {
  it("makes the same lines of the same seed, other lines of another", () => {
    assert.deepEqual(factLines(demoFacts, 50, 20, 1), factLines(demoFacts, 50, 20, 1));
    assert.notDeepEqual(factLines(demoFacts, 50, 20, 1), factLines(demoFacts, 50, 20, 2));
  });

  it("has no key twice in reach, and uses keys again beyond it", () => {
    const facts = factLines(demoFacts, 3000, 500, 3);
    const newest = new Map<string, number>();
    let again = 0;
    for (const [line, { key, value }] of facts.entries()) {
      assert.match(value, /^[1-9]\d$/);
      const before = newest.get(key);
      if (before !== undefined) {
        again++;
        assert(line - before >= 500, `${key} in lines ${before} and ${line}`);
      }
      newest.set(key, line);
    }
    assert(again > 0);
  });

  it("numbers the paper's lines", () => {
    const [first, , third] = factLines(registerFacts, 3, 3, 1);
    assert.match(registerFacts.line(first ?? { key: "", value: "" }), /^The REGISTER_CONTENT in line 0 is <\d{5}>\n$/);
    assert.equal(third?.key, "2");
  });

  it("knows where each line begins and ends in the text", () => {
    const tokenizer = new CharacterTokenizer([]);
    const stream = factStream(demoFacts, tokenizer, 30, 30, 5);
    for (const { start, end, text } of stream.lines) {
      assert.equal(tokenizer.decode(stream.tokens.slice(start, end), [], false), text);
    }
    const turns = lineTurns(stream, 4);
    assert.equal(turns[0]?.start, 4);
    assert.equal(turns.at(-1)?.end, stream.tokens.length);
    turns.slice(1).forEach((turn, index) => assert.equal(turn.start, turns[index]?.end, "no gaps"));
  });

  const fact = { key: "green cache", value: "47" };
  const answers: [string, boolean][] = [
    [" 47\n", true],
    ["47", true],
    [" 47\nwhat is", true],
    [" 474\n", false],
    [" 4\n7", false],
    [" is 47\n", false],
    ["\n47\n", false],
    ["", false],
  ];
  for (const [answer, right] of answers) {
    it(`calls ${JSON.stringify(answer)} ${right ? "right" : "wrong"}`, () => {
      assert.equal(isRightAnswer(demoFacts, answer, fact), right);
    });
  }
});

describe("what recall finds", () => {
  it("finds the line by the words that tell it from the others, the newest of equal ones", () => {
    const search = new WordSearch();
    for (const { key, value } of factLines(demoFacts, 400, 400, 1)) search.add(demoFacts.line({ key, value }));
    const wanted = factLines(demoFacts, 400, 400, 1)[123];
    assert.equal(search.best(demoFacts.question(wanted ?? { key: "", value: "" })), 123);
    search.add(demoFacts.line({ key: wanted?.key ?? "", value: "11" }));
    assert.equal(search.best(demoFacts.question(wanted ?? { key: "", value: "" })), 400);
  });

  it("finds nothing where no word is known", () => {
    const search = new WordSearch();
    search.add("the value of green cache is 47");
    assert.equal(search.best("zebra"), undefined);
  });
});

describe("parts of samples", () => {
  it("gives Wilson's interval", () => {
    const { share, low, high } = proportion(85, 100);
    assert.equal(share, 0.85);
    assert(Math.abs(low - 0.7672) < 1e-3 && Math.abs(high - 0.9069) < 1e-3, `${low} ${high}`);
    const none = proportion(0, 100);
    assert(none.low === 0 && Math.abs(none.high - 0.037) < 1e-3);
    assert.equal(inPercent(proportion(0, 0)), null);
    assert.equal(inPercent(proportion(10, 10)), "100.0 (72.2–100.0)");
  });

  it("shuffles without losing anything", () => {
    const items = Array.from({ length: 40 }, (_, index) => index);
    const shuffled = new SampleRandom(1).shuffled(items);
    assert.notDeepEqual(shuffled, items);
    assert.deepEqual(
      shuffled.sort((left, right) => left - right),
      items,
    );
  });
});
