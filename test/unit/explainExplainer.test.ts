import assert from "node:assert/strict";
import { DaylongError } from "../../src/base/errors.ts";
import type { DetourResult, StopReason } from "../../src/engine/engine.ts";
import type { Answer } from "../../src/explain/answer.ts";
import type { CodeExcerpt } from "../../src/explain/codeExcerpt.ts";
import { Explainer, type ExplainHost, type SideEngine } from "../../src/explain/explainer.ts";

const excerpt: CodeExcerpt = {
  kind: "explain",
  path: "a.ts",
  languageId: "typescript",
  code: "open(cache);",
  firstLine: 1,
  lastLine: 1,
  enclosing: [],
  problems: [],
  imports: [],
  before: [],
  after: [],
  question: "",
};

interface Reply {
  readonly pieces: readonly string[];
  readonly stopReason?: StopReason;
  readonly cut?: boolean;
}

/** Side questions without a model. Each waits for `proceed` before it is answered. */
class FakeSide implements SideEngine {
  readonly prompts: string[] = [];
  free = 500;
  hasModel = true;
  /** Instead of an answer. */
  error: Error | undefined;
  reply: Reply = { pieces: ["It ", "opens."] };
  private held: (() => void)[] = [];
  hold = false;

  ready(): Promise<void> {
    return this.hasModel ? Promise.resolve() : Promise.reject(new DaylongError("no-model", "No model is chosen yet."));
  }

  room(): Promise<{ free: number }> {
    return Promise.resolve({ free: this.free });
  }

  countTokens(text: string): Promise<number> {
    return Promise.resolve(Math.ceil(text.length / 4));
  }

  proceed(): void {
    this.held.shift()?.();
  }

  async ask(...[id, prompt, , tell, stop]: Parameters<SideEngine["ask"]>): Promise<DetourResult> {
    this.prompts.push(prompt);
    tell({ type: "prefill", id, done: 1, total: 2 });
    if (this.hold) {
      await new Promise<void>((resolve) => {
        this.held.push(resolve);
        stop.addEventListener("abort", resolve);
      });
    }
    if (this.error !== undefined) throw this.error;
    for (const text of stop.aborted ? [] : this.reply.pieces) tell({ type: "text", id, channel: "reply", text });
    const stopReason = stop.aborted ? "stopped" : (this.reply.stopReason ?? "end");
    const text = stop.aborted ? "" : this.reply.pieces.join("");
    const cut = this.reply.cut ?? false;
    return { text, thought: "", stopReason, promptTokens: 9, replyTokens: 2, cut, timeToFirstTokenMs: 5 };
  }
}

const host = (offer: () => Promise<boolean>): ExplainHost => ({
  offerModel: offer,
  describe: (error) => (error instanceof Error ? error.message : ""),
  partHeading: (first, last) => `**${first}-${last}**`,
});

describe("the explainer", () => {
  let side: FakeSide;
  let explainer: Explainer;
  let told: Answer[];
  const tell = (answer: Answer): void => void told.push(answer);
  const stop = (): AbortSignal => new AbortController().signal;
  const explain = (changes: Partial<CodeExcerpt> = {}): Promise<Answer> =>
    explainer.explain({ ...excerpt, ...changes }, tell, stop());

  beforeEach(() => {
    side = new FakeSide();
    explainer = new Explainer(
      side,
      host(() => Promise.resolve(false)),
    );
    told = [];
  });

  it("tells how far it is, and what is written while it is written", async () => {
    const answer = await explain();
    assert.deepEqual(
      told.map(({ status, text }) => `${status} ${text}`.trim()),
      [
        "loading",
        "reading",
        "reading",
        "reading",
        "writing It",
        "writing It opens.",
        "writing It opens.",
        "done It opens.",
      ],
    );
    assert.deepEqual([answer.status, answer.text, answer.notes], ["done", "It opens.", []]);
  });

  it("answers in the order of asking, and says how many are before", async () => {
    side.hold = true;
    const order: string[] = [];
    const ask = (code: string): Promise<void> => explain({ code }).then(() => void order.push(code));
    const all = [ask("one();"), ask("two();"), ask("three();")];
    await settle();
    assert.deepEqual(
      told.filter(({ status }) => status === "waiting").map(({ ahead }) => ahead),
      [1, 2],
    );
    for (const count of [1, 2, 3]) {
      assert.equal(side.prompts.length, count);
      side.proceed();
      await settle();
    }
    await Promise.all(all);
    assert.deepEqual(order, ["one();", "two();", "three();"]);
    assert.ok(told.some(({ status, ahead }) => status === "waiting" && ahead === 1));
  });

  it("lets each be given up by itself: the one that runs, and one that waits", async () => {
    side.hold = true;
    const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()];
    const asked = [first, second, third].map(({ signal }) => explainer.explain(excerpt, tell, signal));
    await settle();
    second.abort();
    assert.equal((await asked[1])?.status, "stopped");
    first.abort();
    assert.equal((await asked[0])?.status, "stopped");
    await settle();
    side.proceed();
    side.proceed();
    assert.equal((await asked[2])?.status, "done");
    assert.equal(side.prompts.length, 2, "what was given up while it waited was never asked");
  });

  it("goes on with the next when one has failed", async () => {
    side.error = new DaylongError("engine-crashed", "The engine stopped.");
    const answer = await explain();
    assert.deepEqual([answer.status, answer.error], ["failed", "The engine stopped."]);
    side.error = undefined;
    assert.equal((await explain()).status, "done");
  });

  it("offers to choose a model, and goes on with the question", async () => {
    side.hasModel = false;
    let offers = 0;
    explainer = new Explainer(
      side,
      host(() => {
        offers += 1;
        side.hasModel = offers > 1;
        return Promise.resolve(side.hasModel);
      }),
    );
    assert.equal((await explain()).status, "declined");
    assert.deepEqual(side.prompts, []);
    assert.equal((await explain()).status, "done");
    assert.deepEqual([offers, side.prompts.length], [2, 1]);
  });

  it("can be given up while the user is choosing a model", async () => {
    side.hasModel = false;
    explainer = new Explainer(
      side,
      host(() => new Promise(() => undefined)),
    );
    const stopping = new AbortController();
    const asked = explainer.explain(excerpt, tell, stopping.signal);
    await settle();
    stopping.abort();
    assert.equal((await asked).status, "stopped");
  });

  it("explains what is larger than the window in parts, each with its lines, and leaves out the rest visibly", async () => {
    const lines = Array.from({ length: 900 }, (_, line) => `call${line}();`);
    const answer = await explain({ code: lines.join("\n"), firstLine: 11, lastLine: 910 });
    assert.equal(side.prompts.length, 6);
    for (const prompt of side.prompts) assert.ok(prompt.length / 4 <= 500 - 32 - 200, String(prompt.length));
    assert.match(side.prompts[1] ?? "", /part 2 of 6/);
    assert.match(answer.text, /^\*\*11-\d+\*\*\n\nIt opens\.\n\n\*\*\d+-\d+\*\*\n\nIt opens\./);
    const [note] = answer.notes;
    assert.ok(note?.type === "linesLeftOut" && note.lastLine === 910);
    assert.ok(side.prompts[5]?.includes(`call${note.firstLine - 12}();`), "the line before is in the last part");
    assert.ok(
      side.prompts[5]?.includes(`call${note.firstLine - 11}();`) === false,
      "the first one that is left out is not",
    );
  });

  it("never measures a text of megabytes", async () => {
    let longest = 0;
    const count = side.countTokens.bind(side);
    side.countTokens = (text) => {
      longest = Math.max(longest, text.length);
      return count(text);
    };
    const answer = await explain({ code: "x".repeat(5_000_000), lastLine: 1 });
    assert.ok(longest < 10_000, String(longest));
    assert.deepEqual(answer.notes, [{ type: "longLinesCut" }]);
  });

  it("fixes what is larger than the window by the lines around the problem, and says which", async () => {
    const code = Array.from({ length: 400 }, (_, line) => `call${line}();`).join("\n");
    const problems = [{ line: 200, severity: "error" as const, message: "No." }];
    const answer = await explain({ kind: "fix", code, lastLine: 400, problems });
    assert.equal(side.prompts.length, 1);
    assert.match(side.prompts[0] ?? "", /Fix this problem: line 200, error: No\.[^]*call199\(\);/);
    const [note] = answer.notes;
    assert.ok(note?.type === "onlyLines" && note.firstLine > 100 && note.lastLine < 300);
  });

  it("says when the answer was cut, or went in circles", async () => {
    side.reply = { pieces: ["a"], cut: true };
    assert.deepEqual((await explain()).notes, [{ type: "answerCut" }]);
    side.reply = { pieces: ["a"], stopReason: "loop" };
    assert.deepEqual((await explain()).notes, [{ type: "loop" }]);
  });

  it("ends as stopped when somebody else ended it", async () => {
    side.reply = { pieces: ["a"], stopReason: "stopped" };
    assert.equal((await explain()).status, "stopped");
  });

  it("asks a question about the thread with what it says by then", async () => {
    let text = "";
    const asked = explainer.followUp(excerpt, () => [{ question: "", answer: text }], "Why?", tell, stop());
    text = "It opens.";
    assert.equal((await asked).status, "done");
    assert.match(side.prompts[0] ?? "", /open\(cache\);[^]*It opens\.\nWhy\?$/);
  });
});

/** Lets everything that is ready run. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5));
}
