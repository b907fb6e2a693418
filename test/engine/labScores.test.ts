import assert from "node:assert/strict";
import { templateForModel } from "../../src/engine/worker/modelTemplate.ts";
import { chatText } from "../../src/lab/chatText.ts";
import { driftRoom, measureDescent, measureDrift, type Drift } from "../../src/lab/drift.ts";
import type { LabContext } from "../../src/lab/experiment.ts";
import { ppl } from "../../src/lab/experiments/ppl.ts";
import { keyErrors, keysOf } from "../../src/lab/keyRows.ts";
import { LabCells } from "../../src/lab/labCells.ts";
import { LabModel } from "../../src/lab/labModel.ts";
import { divergence, lossOf } from "../../src/lab/likelihood.ts";
import { LongRunNotes, readLong } from "../../src/lab/longRun.ts";
import { MovedText, type Moved } from "../../src/lab/movedText.ts";
import { dense, slidingWindow, streaming, streamingForgetting } from "../../src/lab/policies.ts";
import { positionsBehind } from "../../src/lab/scoredPositions.ts";
import { openText } from "../../src/lab/textTokens.ts";
import { twinPath } from "../../src/lab/twins.ts";
import { NativeCells } from "../fixtures/engine/nativeCells.ts";
import { demoModel } from "../fixtures/engine/paths.ts";
import { generateGguf } from "../fixtures/generateGguf.ts";
import { temporaryFolder } from "../fixtures/gguf/temporaryFolder.ts";

describe("scores of the lab", function () {
  this.timeout(60_000);
  const path = temporaryFolder();
  let model: LabModel;
  let tokens: number[];
  const opened: LabCells[] = [];
  before(async () => {
    model = await LabModel.open(demoModel, 1);
    tokens = (await openText(model, undefined)).first(600);
  });
  after(async () => {
    for (const cells of opened) await cells.dispose();
    await model.dispose();
  });

  /** Cells, and beside them the books of what is really handed to llama.cpp. */
  async function watched(of: LabModel): Promise<{ cells: LabCells; native: NativeCells }> {
    const context = await of.model.createContext({ contextSize: 256, sequences: 1, threads: 1 });
    const native = new NativeCells(context);
    const cells = new LabCells(context, () => context.dispose());
    opened.push(cells);
    return { native, cells };
  }

  it("are those of the whole distribution, and of the library's own probabilities", async () => {
    const cells = await model.cells({ contextSize: 256 });
    const text = tokens.slice(0, 40);
    const targets = text.map((_, index) => (index % 3 === 0 ? tokens[index + 1] : undefined));
    const losses = await cells.score(text, targets);

    const context = await model.model.createContext({ contextSize: 256, sequences: 1, threads: 1 });
    type Input = Parameters<ReturnType<typeof context.getSequence>["controlledEvaluate"]>[0];
    const asked = text.map((token) => [token, { generateNext: { probabilities: true, options: { temperature: 0 } } }]);
    const output = await context.getSequence().controlledEvaluate(asked as unknown as Input);
    let compared = 0;
    for (const [index, target] of targets.entries()) {
      if (target === undefined) {
        assert(Number.isNaN(losses[index]));
        continue;
      }
      await cells.clear();
      const distribution = await cells.predict(text.slice(0, index + 1));
      assert(Math.abs(distribution.reduce((sum, share) => sum + share, 0) - 1) < 1e-4, "probabilities add up to one");
      near(losses[index], lossOf(distribution, target), 0.02);
      const probabilities = new Map<number, number>(output[index]?.next.probabilities);
      near(losses[index], -Math.log(probabilities.get(target) ?? 0), 1e-4);
      compared++;
    }
    assert.equal(compared, 14);
    const each = await (await model.cells({ contextSize: 256 })).predictEach(text);
    targets.forEach((target, index) => target !== undefined && near(losses[index], lossOf(each[index]!, target), 1e-4));
    await context.dispose();
    await cells.dispose();
  });

  it("come from every token evaluated once, with the sinks in their place", async () => {
    const text = { tokens: tokens.slice(0, 180), scored: positionsBehind(64, 180, 16) };
    const results = new Map<string, Float64Array>();
    for (const policy of [dense(150), streaming(4, 150), streaming(4, 64), streaming(4, 64, 16), slidingWindow(64)]) {
      const { cells, native } = await watched(model);
      const fits = policy.forgetting?.window === 150;
      const own = fits ? { tokens: text.tokens.slice(0, 150), scored: text.scored.filter((at) => at < 150) } : text;
      results.set(policy.name, await policy.read(cells, own));
      assert.equal(native.decoded, own.tokens.length, policy.name);
      assert.equal(native.dropped, 0, policy.name);
      const kept = native.inOrder();
      assert.deepEqual(
        kept.map(({ token }) => token),
        cells.tokens,
        policy.name,
      );
      if (policy.name.startsWith("streaming")) {
        assert.deepEqual(
          kept.slice(0, 4),
          tokens.slice(0, 4).map((token) => ({ token, shifts: 0 })),
        );
        assert.equal(cells.decodedTokens, own.tokens.length, "the library's meter agrees");
      }
      if (policy.name === "streaming 4+60, 16 at a time") {
        assert(
          Math.max(...kept.map(({ shifts }) => shifts)) <= 3,
          "a chunk of a quarter moves a key at most three times",
        );
      }
      await cells.dispose();
    }
    assert.deepEqual(results.get("dense"), results.get("streaming 4+146"), "alike while nothing is forgotten");
  });

  it("are those of a fresh evaluation after the front was forgotten, where layers do not mix tokens", async () => {
    generateGguf(path("one-layer.gguf"), { layers: 1, weights: "f32", seed: 5 });
    const small = await LabModel.open(path("one-layer.gguf"), 1);
    const text = Array.from({ length: 120 }, (_, index) => (index * 37) % 250);
    const { cells, native } = await watched(small);
    await cells.append(text);
    cells.eraseFront(45);
    assert.equal(native.decoded, 120);
    assert.equal(cells.length, 75);
    assert.deepEqual(
      native.inOrder().map(({ token, shifts }) => [token, shifts]),
      text.slice(45).map((token) => [token, 1]),
    );
    const shifted = await cells.predict([7]);
    assert.equal(native.decoded, 121);
    assert.equal(native.dropped, 0);
    const fresh = await (await small.cells({ contextSize: 256 })).predict([...text.slice(45), 7]);
    const unmoved = await (await small.cells({ contextSize: 256 })).predict([...text, 7]);
    assert(divergence(fresh, shifted) < 1e-5, `differs by ${divergence(fresh, shifted)} nats`);
    assert(divergence(fresh, unmoved) > 1e-3, "what was forgotten would have been seen");
    await cells.dispose();
    await small.dispose();
  });

  it("stay what they were when all keys are moved, but for a model that scales them with each shift", async () => {
    const drifts = new Map<string, readonly Drift[]>();
    for (const [name, rope] of [
      ["plain", undefined],
      ["yarn", { type: "yarn", factor: 4, originalContext: 512 }],
    ] as const) {
      generateGguf(path(`${name}.gguf`), { weights: "f32", seed: 7, ...(rope === undefined ? {} : { rope }) });
      const moved = await LabModel.open(path(`${name}.gguf`), 1);
      const text = (await openText(moved, undefined)).first(72);
      const cells = await moved.cells({ contextSize: 72 + driftRoom + 1 });
      const placed = await MovedText.place(cells, text.slice(0, 64), text.slice(64), moved.verdict.headDim);
      const drift = await measureDrift(placed, [1, 4], () => Promise.resolve());
      assert.equal(cells.length, 64 + driftRoom - 3 * (driftRoom / 16), "once up, three small steps down");
      drifts.set(name, drift);
      await moved.dispose();
    }
    for (const { divergence: lost, ratio } of drifts.get("plain") ?? []) {
      assert(lost < 1e-3 && Math.abs(ratio - 1) < 0.01, `plain: ${lost} nats, ratio ${ratio}`);
    }
    const [first, later] = drifts.get("yarn") ?? [];
    assert(first !== undefined && later !== undefined && later.divergence > first.divergence, "grows with each shift");
    assert(first.divergence > 10 * (drifts.get("plain")?.[0]?.divergence ?? 1), `YaRN: ${first.divergence} nats`);
  });

  it("tell how far the keys are from what they were, and only they", async () => {
    const cells = await model.cells({ contextSize: 64 + driftRoom + 1 });
    await cells.append(tokens.slice(0, 40));
    const before = await keysOf(cells, 1);
    assert.equal(before.layers.length, 4);
    assert.deepEqual(
      before.layers.map((rows) => [rows.length, ...new Set(rows.map(({ length }) => length))]),
      Array.from({ length: 4 }, () => [40, 128]),
    );
    assert.deepEqual(
      before.positions,
      Array.from({ length: 40 }, (_, position) => position),
    );
    assert.equal(keyErrors(await keysOf(cells, 1), before, 32).all, 0, "to look changes nothing");
    // The keys of the first layer depend on the token and on the position only; the others on what stands before too.
    await cells.clear();
    await cells.append([tokens[1]!, tokens[0]!, ...tokens.slice(2, 40)]);
    const swapped = await keysOf(cells, 1);
    assert.deepEqual(swapped.layers[0]?.[2], before.layers[0]?.[2]);
    assert.notDeepEqual(swapped.layers[1]?.[2], before.layers[1]?.[2]);
    assert.notDeepEqual(swapped.layers[0]?.[0], before.layers[0]?.[0]);

    cells.move(8);
    await assert.rejects(async () => keyErrors(await keysOf(cells, 1), swapped, 32), /other positions/);
    cells.move(-8);
    const { all, worst, best } = keyErrors(await keysOf(cells, 1), swapped, 32);
    assert(all > 1e-5 && all < 1e-3, `two rotations in half precision: ${all}`);
    assert(best < all && all < worst && worst < 1e-2, `${best} ${all} ${worst}`);
  });

  for (const keys of ["f16", "q8_0"] as const) {
    it(`leave the keys of the first tokens as they are, to the bit: ${keys}`, async () => {
      const twin = await LabModel.open(twinPath("learnable-sink"), 1);
      const text = (await openText(twin, undefined)).first(300);
      const cells = await twin.cells({ contextSize: 201, keys });
      await cells.append(text.slice(0, 190));
      const first = async (): Promise<Float32Array[]> =>
        (await keysOf(cells, 1)).layers.flatMap((rows) => rows.slice(0, 4));
      const before = await first();
      for (let next = 190; next < 290; next++) {
        await cells.erase([{ start: 4, end: 5 }]);
        await cells.append(text.slice(next, next + 1));
      }
      assert.deepEqual(await first(), before);
      await twin.dispose();
    });
  }

  it("show that half precision loses small rotations: the finer the steps down, the farther the keys are off", async () => {
    const cells = await model.cells({ contextSize: 64 + 128 + 1 });
    const down = async (step: number): Promise<Moved> => {
      const text = await MovedText.place(cells, tokens.slice(0, 56), tokens.slice(56, 64), 32);
      const moved = await measureDescent(text, 128, step);
      assert.equal(cells.length, 56, "where it was");
      return moved;
    };
    const [fine, coarse] = [await down(2), await down(64)];
    assert(fine.keys !== null && coarse.keys !== null);
    assert(fine.keys.all > 4 * coarse.keys.all, `${fine.keys.all} ${coarse.keys.all}`);
    assert(fine.keys.worst > 3 * fine.keys.best, "pairs that turn slowly lose the most");
    assert(coarse.keys.all < 1e-3 && coarse.divergence < 1e-3, `${coarse.keys.all} ${coarse.divergence}`);
  });

  it("of a long run that was interrupted are those of one that was not", async () => {
    // Restored cells lie in another order: little of that is left in full precision.
    generateGguf(path("exact.gguf"), { weights: "f32", seed: 6 });
    const exact = await LabModel.open(path("exact.gguf"), 1);
    const stretches = 3;
    const run = {
      forgetting: streamingForgetting(4, 128, 32),
      every: 8,
      stretchLength: 200,
      stretches,
      onProgress: () => Promise.resolve(),
    };
    const text = await openText(exact, undefined);
    const anew = (): { text: Iterable<number> } => ({ text: text.endless(400) });
    const whole = await exact.cells({ contextSize: 256 });
    const expected = await readLong(whole, { ...run, ...anew(), notes: new LongRunNotes(path("whole"), "same") });

    const first = await exact.cells({ contextSize: 256 });
    const stopped = readLong(first, {
      ...run,
      ...anew(),
      notes: new LongRunNotes(path("halved"), "same"),
      onProgress: (read) => (read > 500 ? Promise.reject(new Error("power cut")) : Promise.resolve()),
    });
    await assert.rejects(stopped, /power cut/);
    const { cells: second, native } = await watched(exact);
    const notes = new LongRunNotes(path("halved"), "same");
    const found = await readLong(second, { ...run, ...anew(), notes });
    assert.equal(native.decoded, 200 + 1, "one stretch, and one token to settle the cells before they are written");
    assert.deepEqual(
      found.map((stretch) => [stretch.tokens, stretch.scored]),
      expected.map((stretch) => [stretch.tokens, stretch.scored]),
    );
    found.forEach((stretch, at) => near(stretch.loss, expected[at]?.loss ?? 0, 5e-3));
    assert.deepEqual(second.tokens, whole.tokens);
    notes.finish();
    const other = await readLong(second, {
      ...run,
      ...anew(),
      stretches: 1,
      notes: new LongRunNotes(path("whole"), "other"),
    });
    assert.equal(other.length, 1, "another run begins anew");
    await second.dispose();
    await exact.dispose();
  });

  it("know where messages, turns and replies of a conversation are", () => {
    const chat = chatText(model, 500, 3);
    const say = (start: number, end?: number): string =>
      model.model.detokenize(chat.tokens.slice(start, end) as never[], true);
    const { template } = templateForModel(model.model, new Date(0));
    assert.match(say(0, chat.head), /<\|im_start\|>system\nYou are a coding assistant\.$/);
    assert(chat.turnStarts.length * 2 === chat.messageStarts.length && chat.replies.length === chat.turnStarts.length);
    for (const start of chat.turnStarts) assert.match(say(start), /^<\|im_end\|>\n<\|im_start\|>user\n\S/);
    for (const { start, end } of chat.replies) {
      assert(say(start - 3, start).endsWith("assistant\n"));
      assert(say(end).startsWith("<|im_end|>"));
    }
    const messages = say(0).matchAll(/<\|im_start\|>(system|user|assistant)\n([^]*?)<\|im_end\|>\n/g);
    const rendered = [...messages].map(([, role, content]) => ({ role: role as "user", content: content ?? "" }));
    assert.equal(
      say(0).replace("<|endoftext|>", ""),
      template.render(rendered, false),
      "the whole is the template's text",
    );
    assert.deepEqual(chatText(model, 500, 3), chat, "the same for the same seed");
    assert.notDeepEqual(chatText(model, 500, 4).tokens, chat.tokens);
  });

  it("make an experiment from end to end", async () => {
    const flags: Readonly<Record<string, number>> = { window: 128, tokens: 300, every: 32 };
    const told: number[] = [];
    const context: LabContext = {
      quick: true,
      modelPath: undefined,
      textPath: undefined,
      folder: path("results"),
      threads: 1,
      seed: 1,
      number: (name, otherwise) => flags[name] ?? otherwise,
      numbers: (_, otherwise) => otherwise,
      progress: (fraction) => {
        told.push(fraction);
        return Promise.resolve();
      },
    };
    const { tables, remarks, claims = [], settings } = await ppl.run(context);
    const rows = tables[0]?.rows ?? [];
    assert.deepEqual(settings, { window: 128, everyNthTokenScored: 32 });
    assert.deepEqual(
      rows.map(([name]) => name),
      [
        "re-computation 0+128",
        "re-computation 4+124",
        "dense",
        "window 0+128",
        "streaming 4+124",
        "streaming 4+124, 32 at a time",
        "turn-aligned",
      ],
    );
    for (const row of rows) {
      assert.equal(row.at(-2), 5, "positions");
      assert(Number(row[1]) > 3 && Number(row[1]) < 100, `perplexity ${String(row[1])}`);
      assert(Number(row[2]) > 0.7 && Number(row[2]) < 1.4, `ratio ${String(row[2])}`);
    }
    assert.deepEqual(
      rows.map((row) => row.at(-1)),
      [5 * 128, 5 * 128, 300, 300, 300, 300, 300],
    );
    assert.equal(claims.length, 3);
    assert(remarks.some((remark) => remark.includes("BOS")));
    assert(
      told.every((fraction, at) => fraction >= (told[at - 1] ?? 0) && fraction <= 1),
      "progress only grows",
    );
  });
});

function near(actual: number | undefined, expected: number, tolerance: number): void {
  assert(Math.abs((actual ?? Number.NaN) - expected) <= tolerance, `${String(actual)}, not ${expected}`);
}
