import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { byteCharacters } from "../fixtures/gguf/byteVocabulary.ts";
import { halfBytes, SeededRandom } from "../fixtures/gguf/randomWeights.ts";
import { temporaryFolder } from "../fixtures/gguf/temporaryFolder.ts";
import { trainBpe } from "../training/bpe.ts";
import { buildCorpus, corpusHash, type CorpusMix, type DocumentKind } from "../training/corpus.ts";
import { thinned } from "../training/curve.ts";
import { interleaveRotaryRows } from "../training/exportGguf.ts";
import { quantizeQ8 } from "../training/quantize.ts";
import { readSafetensors, type Weight } from "../training/safetensors.ts";
import { dialogue } from "../training/text/dialogues.ts";
import { factDocument, tableDocument } from "../training/text/factLines.ts";
import { wordChain } from "../training/text/wordChains.ts";
import { dequantizeQ8, halfValue } from "../fixtures/gguf/readWeights.ts";

const documentsPerGenerator = 200;

describe("training: the vocabulary", () => {
  it("merges the most frequent pair, of equal ones the oldest, until none occurs twice", () => {
    assert.deepEqual(trainBpe("aaabdaaabac", 1_000, []).merges, ["a a", "a b", "aa ab"]);
    const words = [...Array<string>(5).fill("low"), "lower", "lower", ...Array<string>(6).fill("newest")];
    const { merges } = trainBpe([...words, "widest", "widest", "widest"].join("\n"), 256 + 4, []);
    assert.deepEqual(merges, ["e s", "es t", "l o", "lo w"]);
  });

  it("holds the control tokens, each byte, then the merges; no merge crosses the end of a word", () => {
    const { tokens, merges, controlTokens } = trainBpe("sort it, sort it, sort it", 300, ["<a>", "<b>"]);
    assert.equal(controlTokens, 2);
    assert.deepEqual(tokens.slice(0, 258), ["<a>", "<b>", ...byteCharacters()]);
    assert.deepEqual(
      tokens.slice(258),
      merges.map((merge) => merge.replace(" ", "")),
    );
    assert.ok(tokens.includes("Ġsort") && tokens.includes("Ġit"));
    assert.ok(!tokens.some((token) => token.slice(1).includes("Ġ") || /\w,/.test(token)));
  });

  it("counts on with each merge to what counting anew gives", () => {
    const random = new SeededRandom(3);
    const text = Array.from({ length: 6 }, () => dialogue(random) + factDocument(random)).join("");
    assert.deepEqual(trainBpe(text, 340, []).merges, mergesCountedAnew(text, 340));
  });
});

/** The same algorithm with all pairs counted before each merge; no words but those between blanks and signs. */
function mergesCountedAnew(text: string, size: number): string[] {
  const pattern = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;
  const names = byteCharacters();
  const words = (text.match(pattern) ?? []).map((word) => [...Buffer.from(word)]);
  const merges: string[] = [];
  while (names.length < size) {
    const counts = new Map<string, number>();
    for (const word of words) {
      for (let index = 1; index < word.length; index++) {
        const pair = `${word[index - 1]} ${word[index]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
    }
    const order = ([pair]: [string, number]): number => Number(pair.split(" ")[0]) * 1e6 + Number(pair.split(" ")[1]);
    const [best] = [...counts].sort((a, b) => b[1] - a[1] || order(a) - order(b));
    const [left, right] = best![0].split(" ").map(Number) as [number, number];
    for (const word of words) {
      for (let index = 1; index < word.length; index++) {
        if (word[index - 1] === left && word[index] === right) word.splice(index - 1, 2, names.length);
      }
    }
    merges.push(`${names[left]} ${names[right]}`);
    names.push(`${names[left]}${names[right]}`);
  }
  return merges;
}

describe("training: the text", () => {
  const file = temporaryFolder();
  const mix: CorpusMix = { package: 0.3, dialogue: 0.2, facts: 0.2, table: 0.1, chain: 0.2 };
  const sentence = "A text that is long enough to be read by a model. ";
  let root: string;

  before(() => {
    root = file("project");
    const packages: Record<string, object> = {
      a: { license: "MIT" },
      b: { license: "Apache-2.0" },
      c: { license: "MIT", optional: true },
      "node-llama-cpp": { license: "MIT" },
    };
    const locked: Record<string, object> = { "": { license: "MIT" } };
    for (const [name, manifest] of Object.entries(packages)) {
      const folder = path.join(root, "node_modules", name);
      mkdirSync(path.join(folder, "node_modules", "nested"), { recursive: true });
      locked[`node_modules/${name}`] = manifest;
      writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name, version: "1.0.0", ...manifest }));
      for (let part = 0; part < 10; part++) {
        writeFileSync(
          path.join(folder, `part${part}.d.ts`),
          `${name} ${part}\r\n${sentence.repeat(200)}`.replaceAll(". ", ".\n"),
        );
      }
      writeFileSync(path.join(folder, "copy.md"), `${name} 0\r\n${sentence.repeat(200)}`.replaceAll(". ", ".\n"));
      writeFileSync(path.join(folder, "short.md"), "too short");
      writeFileSync(path.join(folder, "data.ts"), `export const data = "${"x".repeat(5_000)}";`);
      writeFileSync(path.join(folder, "code.js"), sentence.repeat(200));
      writeFileSync(path.join(folder, "node_modules", "nested", "other.md"), `nested ${sentence.repeat(200)}`);
    }
    writeFileSync(path.join(root, "package-lock.json"), JSON.stringify({ packages: locked }));
    writeFileSync(path.join(root, "own.md"), `own ${sentence.repeat(200)}`);
  });

  it("reads MIT-licensed packages for every platform, each text once, and never the texts that the lab holds out", () => {
    const { training, validation, packages } = buildCorpus(root, mix, 1);
    assert.deepEqual(packages, ["a@1.0.0"]);
    const texts = [...training, ...validation].filter(({ kind }) => kind === "package").map(({ text }) => text);
    assert.equal(texts.length, 10);
    for (const text of texts) assert.match(text, /^a \d\nA text that is long/);
  });

  it("is the same for the same seed, and of each kind there is as much as the mix says", () => {
    const corpus = buildCorpus(root, mix, 1);
    assert.equal(corpusHash(corpus), corpusHash(buildCorpus(root, mix, 1)));
    assert.notEqual(corpusHash(corpus), corpusHash(buildCorpus(root, mix, 2)));
    const all = [...corpus.training, ...corpus.validation];
    const length = (kind?: DocumentKind): number =>
      all
        .filter((document) => kind === undefined || document.kind === kind)
        .reduce((sum, { text }) => sum + text.length, 0);
    for (const [kind, share] of Object.entries(mix)) {
      const seen = length(kind as DocumentKind) / length();
      assert.ok(Math.abs(seen - share) < 0.03, `${kind}: ${seen} instead of ${share}`);
    }
  });

  it("asks for facts that were stated before, and answers as they were stated", () => {
    const random = new SeededRandom(5);
    let [questions, farthest] = [0, 0];
    for (let document = 0; document < documentsPerGenerator; document++) {
      const stated = new Map<string, { value: string; line: number }>();
      for (const [line, text] of factDocument(random).trimEnd().split("\n").entries()) {
        const [, asked, key = "", value = ""] =
          /^(?:the|(what is the)) value of (\w+ \w+)(?: is|\?) (\d\d)$/.exec(text) ?? [];
        assert.notEqual(value, "", text);
        if (asked === undefined) {
          assert.ok(!stated.has(key), `${key} is stated twice`);
          stated.set(key, { value, line });
        } else {
          questions++;
          assert.equal(stated.get(key)?.value, value, text);
          farthest = Math.max(farthest, line - stated.get(key)!.line);
        }
      }
    }
    assert.ok(
      questions > documentsPerGenerator && farthest > 15,
      `${questions} questions, up to ${farthest} lines back`,
    );
  });

  it("repeats rows of tables and whole lists as they were, and tells in dialogues what was told", () => {
    const random = new SeededRandom(6);
    let [repeated, recalled] = [0, 0];
    for (let document = 0; document < documentsPerGenerator; document++) {
      const rows = new Map<string, string>();
      for (const [, key = "", value = ""] of tableDocument(random).matchAll(/ ([a-z]+) (\d\d)(?=[ \n])/g)) {
        if (rows.has(key)) repeated++;
        assert.equal(rows.get(key) ?? value, value);
        rows.set(key, value);
      }
      assert.ok(rows.size >= 6);
      const told = new Map<string, string>();
      const text = dialogue(random);
      for (const [, noted, key = "", value = ""] of text.matchAll(
        /assistant\n(?:The|(Noted: the)) (\w+ \w+) is (\d\d)\.<\|im_end\|>/g,
      )) {
        if (noted === undefined) recalled++;
        assert.equal(noted === undefined ? told.get(key) : value, value, text);
        told.set(key, value);
      }
      assert.match(
        text,
        /^<\|im_start\|>system\n[^<]+<\|im_end\|>\n(<\|im_start\|>(user|assistant)\n[^<]+<\|im_end\|>\n)+$/,
      );
    }
    assert.ok(
      repeated > documentsPerGenerator && recalled > documentsPerGenerator,
      `${repeated} rows, ${recalled} facts`,
    );
  });

  it("copies, in a chain, the word before a trigger, and else goes on to one of few successors", () => {
    const random = new SeededRandom(8);
    const successors = new Map<string, Set<string>>();
    for (let document = 0; document < documentsPerGenerator; document++) {
      const words = wordChain(random).trimEnd().split(" ");
      for (let index = 1; index < words.length; index++) {
        const [before, word] = [words[index - 1]!, words[index]!];
        if (/^(ditto|again|twice)$/.test(before)) assert.equal(word, words[index - 2]);
        else if (!/^(ditto|again|twice)$/.test(word))
          successors.set(before, (successors.get(before) ?? new Set()).add(word));
      }
    }
    assert.ok([...successors.values()].every((words) => words.size <= 4));
    assert.ok(successors.size > 25);
  });
});

describe("training: from weights to a file", () => {
  const file = temporaryFolder();

  it("reorders rotary rows so that rotating neighbours gives the attention that rotating halves gave", () => {
    const [heads, headDim, columns] = [2, 8, 3];
    const random = new SeededRandom(9);
    const matrix = (): Weight => ({
      shape: [heads * headDim, columns],
      values: Float32Array.from({ length: heads * headDim * columns }, () => random.normal()),
    });
    const [query, key] = [matrix(), matrix()];
    const input = Float32Array.from({ length: columns }, () => random.normal());
    const halves = (index: number): [number, number] => [index, index + headDim / 2];
    const neighbours = (index: number): [number, number] => [2 * index, 2 * index + 1];
    for (let head = 0; head < heads; head++) {
      const score = (left: Weight, right: Weight, pairs: (index: number) => [number, number]): number => {
        const rotated = [left, right].map(({ values }, side) =>
          rotate(headRows(values, columns, head, headDim, input), pairs, side === 0 ? 5 : 2),
        );
        return rotated[0]!.reduce((sum, value, index) => sum + value * rotated[1]![index]!, 0);
      };
      const trained = score(query, key, halves);
      const stored = score(interleaveRotaryRows(query, heads), interleaveRotaryRows(key, heads), neighbours);
      assert.ok(Math.abs(trained - stored) < 1e-5, `${trained} and ${stored}`);
      const unordered = score(query, key, neighbours);
      assert.ok(Math.abs(trained - unordered) > 1e-3, "rows as they were give another attention");
    }
  });

  it("quantises to 8 bits within half a step, keeping zeros and the largest value", () => {
    const random = new SeededRandom(10);
    const values = Float32Array.from({ length: 32 * 64 }, (_, index) => random.normal() * 10 ** -(index >> 8));
    values.fill(0, 32, 64);
    const bytes = quantizeQ8(values);
    assert.equal(bytes.length, 34 * 64);
    const back = dequantizeQ8(bytes);
    for (let block = 0; block < 64; block++) {
      const part = values.subarray(block * 32, block * 32 + 32);
      const largest = Math.max(...part.map(Math.abs));
      // Half a step, and the rounding of the scale to half precision over up to 127 steps.
      const tolerance = largest / 127 / 2 + largest * 2 ** -11 + 127 * 2 ** -25;
      for (const [index, value] of part.entries()) {
        const error = Math.abs(back[block * 32 + index]! - value);
        assert.ok(error <= tolerance, `block ${block}: ${value} came back with an error of ${error}`);
      }
    }
    assert.deepEqual([...back.subarray(32, 64)], Array(32).fill(0));
    const steps = Float32Array.from({ length: 32 }, (_, index) => (index === 7 ? -127 : 4 * index - 60));
    assert.deepEqual(dequantizeQ8(quantizeQ8(steps)), steps);
  });

  it("writes each number of half precision as itself", () => {
    for (let bits = 0; bits < 0x7c00; bits++) {
      const written = halfBytes([halfValue(bits), -halfValue(bits)]);
      assert.equal(written.readUInt16LE(0), bits);
      assert.equal(written.readUInt16LE(2), bits === 0 ? 0x8000 : bits | 0x8000);
    }
    assert.equal(halfBytes([1e6]).readUInt16LE(0), 0x7c00);
    assert.equal(halfBytes([halfValue(0x0001) * 0.4]).readUInt16LE(0), 0);
  });

  it("reads weights as they were saved", () => {
    const header = Buffer.from(
      JSON.stringify({
        a: { dtype: "F32", shape: [1, 2], data_offsets: [0, 8] },
        b: { dtype: "F32", shape: [1], data_offsets: [8, 12] },
      }),
    );
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(
      file("w.safetensors"),
      Buffer.concat([size, header, Buffer.from(Float32Array.of(1.5, -2, 0.25).buffer)]),
    );
    const weights = readSafetensors(file("w.safetensors"));
    assert.deepEqual([...weights.keys()], ["a", "b"]);
    assert.deepEqual(weights.get("a"), { shape: [1, 2], values: Float32Array.of(1.5, -2) });
    assert.deepEqual(weights.get("b"), { shape: [1], values: Float32Array.of(0.25) });
  });

  it("thins a curve to 200 points with the mean of what is left out, validations and the end", () => {
    const reports = Array.from({ length: 1_000 }, (_, index) => ({
      run: "a",
      step: index + 1,
      tokens: 0,
      seconds: 0,
      tokensPerSecond: 0,
      loss: index,
      ...(index % 10 === 9 ? { validationLoss: index } : {}),
    }));
    const points = thinned(reports);
    assert.equal(points.length, 200);
    assert.deepEqual([points[0]!.loss, points[0]!.step, points.at(-1)!.step], [2, 5, 1_000]);
    assert.equal(points.filter((point) => point.validationLoss !== undefined).length, 100);
  });
});

/** One head's rows of a matrix times a vector. */
function headRows(values: Float32Array, columns: number, head: number, headDim: number, input: Float32Array): number[] {
  return Array.from({ length: headDim }, (_, row) =>
    input.reduce((sum, value, column) => sum + value * values[(head * headDim + row) * columns + column]!, 0),
  );
}

/** Turns each pair by its own angle at a position. */
function rotate(vector: number[], pair: (index: number) => [number, number], position: number): number[] {
  const result = [...vector];
  for (let index = 0; index < vector.length / 2; index++) {
    const [a, b] = pair(index);
    const angle = position * 10_000 ** ((-2 * index) / vector.length);
    result[a] = vector[a]! * Math.cos(angle) - vector[b]! * Math.sin(angle);
    result[b] = vector[a]! * Math.sin(angle) + vector[b]! * Math.cos(angle);
  }
  return result;
}
