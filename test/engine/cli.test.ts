import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { ChatCommand, runCommandLine } from "../fixtures/engine/commandLine.ts";
import { demoModel } from "../fixtures/engine/paths.ts";
import { childrenOf } from "../fixtures/engine/processes.ts";
import { temporaryFolder } from "../fixtures/gguf/temporaryFolder.ts";

const fact = "Remember that the green cache is 47.";
const question = "What is the green cache?";
const longReply = "Write a function to sort a table.";
const page = "The loud window is 66. ".repeat(8);

describe("the command line", () => {
  const path = temporaryFolder();

  describe("chat --json", () => {
    let command: ChatCommand;
    beforeEach(() => {
      command = new ChatCommand(["--model", demoModel, "--context", "512", "--temperature", "0", "--max-tokens", "60"]);
    });
    afterEach(async () => {
      const { exitCode, stderr } = await command.end();
      assert.deepEqual([exitCode, stderr], [0, ""]);
    });

    async function failsWith(line: object | string, code: string): Promise<void> {
      const { error } = await command.ask(line);
      assert(typeof error === "object" && error !== null && "code" in error && "message" in error);
      assert.equal(error.code, code);
      assert(typeof error.message === "string" && error.message.length > 20);
    }

    it("answers turns, with all that the help promises of each", async () => {
      const first = await command.ask({ text: fact });
      const names =
        "turn text thought stopReason promptTokens replyTokens evictedTurns shifts reprocessedTokens omittedTokens " +
        "windowTokens windowSize timeToFirstTokenMs tokensPerSecond";
      assert.deepEqual(Object.keys(first).sort(), names.split(" ").sort());
      assert.deepEqual([first["turn"], first["stopReason"], first["windowSize"]], [1, "end", 512]);
      assert(Number(first["timeToFirstTokenMs"]) > 0 && Number(first["tokensPerSecond"]) > 0);
      const second = await command.ask({ text: question });
      assert.match(String(second["text"]), /47/);
      assert.equal(
        second["windowTokens"],
        Number(first["windowTokens"]) + Number(second["promptTokens"]) + Number(second["replyTokens"]),
      );
    });

    it("stops, continues, regenerates and edits", async () => {
      const whole = await command.ask({ text: longReply });
      await command.ask({ op: "reset" });
      const stopped = await command.ask({ op: "stopAfter", tokens: 7, text: longReply });
      assert.deepEqual([stopped["stopReason"], stopped["replyTokens"], stopped["turn"]], ["stopped", 7, 1]);
      const continued = await command.ask({ op: "continue" });
      assert.equal(continued["text"], whole["text"]);
      assert.equal(continued["reprocessedTokens"], 0);
      const again = await command.ask({ op: "regenerate" });
      assert.deepEqual([again["text"], again["reprocessedTokens"], again["turn"]], [whole["text"], 1, 1]);
      const edited = await command.ask({ op: "edit", text: fact });
      assert.deepEqual([edited["turn"], edited["reprocessedTokens"]], [1, 0]);
      assert.match(String((await command.ask({ text: question }))["text"]), /47/);
    });

    it("pins, unpins and brings back", async () => {
      await command.ask({ text: fact });
      const pinned = await command.ask({ op: "pin", turn: 1 });
      assert.deepEqual([pinned["op"], pinned["turn"], pinned["shifts"]], ["pin", 1, 0]);
      const fill = async (): Promise<void> => {
        for (let turn = 0; turn < 9; turn++) await command.ask({ text: page });
      };
      await fill();
      const before = await command.ask({ op: "bringBack", turn: 1 });
      assert(Number(before["shifts"]) > 2);
      const unpinned = await command.ask({ op: "unpin", turn: 1 });
      assert.equal(unpinned["appendedTokens"], before["appendedTokens"], "a pinned turn has not gone");
      await fill();
      const forgotten = await command.ask({ op: "unpin", turn: 1 });
      const back = await command.ask({ op: "bringBack", turn: 1 });
      const cost = Number(back["appendedTokens"]) - Number(forgotten["appendedTokens"]);
      assert(cost > 15 && cost < 60, `${cost} tokens: the turn alone is evaluated`);
      assert.equal(back["reprocessedTokens"], 0);
      assert.match(String((await command.ask({ text: question }))["text"]), /47/);
    });

    it("asks aside, between turns and in the middle of a reply", async () => {
      const plain = await command.ask({ text: longReply });
      const detour = await command.ask({ op: "detour", text: question });
      assert.equal(detour["op"], "detour");
      assert.equal(detour["windowTokens"], plain["windowTokens"], "no trace");
      assert(Number(detour["detourTokens"]) > 0 && String(detour["text"]).length > 0);
      await command.ask({ op: "reset" });
      const interrupted = await command.ask({ op: "detour", text: question, during: longReply });
      assert.deepEqual([interrupted["turn"], interrupted["text"]], [1, plain["text"]]);
      const aside = await command.answer();
      assert.deepEqual([aside["op"], aside["reprocessedTokens"]], ["detour", 0]);
      assert(Number(aside["detourTokens"]) > Number(detour["detourTokens"]));
    });

    it("evaluates attachments ahead, and erases those that are taken back", async () => {
      const [one, two] = [{ text: page }, { text: `${fact} ${page}` }];
      const both = await command.ask({ op: "ahead", attachments: [one, two] });
      const second = await command.ask({ op: "ahead", attachments: [two] });
      assert.equal(second["appendedTokens"], both["appendedTokens"], "what stays is not evaluated again");
      assert(Number(second["windowTokens"]) < Number(both["windowTokens"]));
      const turn = await command.ask({ text: question });
      assert(Number(turn["promptTokens"]) < 20, JSON.stringify(turn));
      const none = await command.ask({ op: "ahead", attachments: [] });
      assert(Number(none["windowTokens"]) >= Number(turn["windowTokens"]));
      const attached = await command.ask({ attachments: [one], text: "Hello!" });
      assert(Number(attached["promptTokens"]) > 60);
      assert.equal(attached["reprocessedTokens"], 0);
    });

    it("takes changed instructions, says what it left out, and resets", async () => {
      assert.deepEqual(await command.ask({ op: "instructions", text: "Be brief." }), { op: "instructions" });
      const plain = await command.ask({ text: "Hello!" });
      const next = await command.ask({ text: "Hello!" });
      assert(Number(plain["promptTokens"]) > Number(next["promptTokens"]), "they stand in front of one message");
      const long = await command.ask({ text: page.repeat(10) });
      assert(Number(long["omittedTokens"]) > 0);
      const state = await command.ask({ op: "reset" });
      assert(Number(state["windowTokens"]) < 20);
      assert.equal((await command.ask({ text: "Hello!" }))["turn"], 1);
    });

    it("refuses with a code, and goes on", async () => {
      await failsWith("not JSON", "usage");
      await failsWith({ op: "sing" }, "usage");
      await failsWith({ op: "pin", turn: 1 }, "turn-unknown");
      await failsWith({ op: "edit", text: "Hello!" }, "nothing-to-regenerate");
      await failsWith({ op: "regenerate" }, "nothing-to-regenerate");
      await failsWith({ op: "continue" }, "nothing-to-regenerate");
      await failsWith({ text: "" }, "message-empty");
      await command.ask({ text: page.repeat(3) });
      await failsWith({ op: "edit", text: "" }, "message-empty");
      await command.ask({ op: "pin", turn: 1 });
      await command.ask({ text: "Hello!" });
      await command.ask({ op: "edit", text: page.repeat(3) });
      command.write("");
      await failsWith({ op: "pin", turn: 2 }, "pins-full");
      assert.equal((await command.ask({ text: "Hello!" }))["turn"], 3);
    });
  });

  it("chat: says that its engine crashed, also with a detour under way, and ends", async function () {
    if (process.platform === "win32") return; // no simple way to find the child there; process.test.ts covers the rest
    const command = new ChatCommand(["--model", demoModel, "--context", "512", "--temperature", "1.5", "--seed", "3"]);
    await command.ask({ text: "Hello!" });
    const engine = childrenOf(command.process.pid ?? 0)?.[0];
    assert(engine !== undefined);
    process.kill(engine, "SIGSTOP");
    command.write({ op: "detour", text: question, during: longReply });
    process.kill(engine, "SIGKILL");
    const { error } = await command.answer();
    assert(typeof error === "object" && error !== null && "code" in error && error.code === "engine-crashed");
    // The input stays open: the command ends by itself.
    const { exitCode, stderr } = await command.ended();
    assert.equal(exitCode, 2);
    assertOneLine(stderr, "engine-crashed");
  });

  it("chat: reads plain lines without --json, and ends with its input", async () => {
    const args = ["chat", "--model", demoModel, "--context", "512", "--temperature", "0", "--max-tokens", "60"];
    const { exitCode, stdout, stderr } = await runCommandLine(args, `${fact}\n\n${question}\n`);
    assert.deepEqual([exitCode, stderr], [0, ""]);
    assert.match(stdout, /47/);
    assert.equal((await runCommandLine(args, "")).stdout, "");
  });

  it("chat: a seed makes a reply that can be repeated", async () => {
    const args = ["--model", demoModel, "--context", "256", "--temperature", "1.2", "--max-tokens", "20", "--seed"];
    const replies: unknown[] = [];
    for (const seed of ["1", "1", "2"]) {
      const command = new ChatCommand([...args, seed, "--system", "Be odd."]);
      replies.push((await command.ask({ text: "1 2 3 4 5" }))["text"]);
      await command.end();
    }
    assert.equal(replies[0], replies[1]);
    assert.notEqual(replies[0], replies[2]);
  });

  it("chat: keeps replies to a JSON schema, and ends them at a stop string", async () => {
    writeFileSync(path("schema.json"), '{"type": "object", "properties": {"ok": {"type": "boolean"}}}');
    const chat = ["chat", "--model", demoModel, "--context", "512", "--temperature", "0", "--max-tokens", "60"];
    const held = await runCommandLine([...chat, "--json-schema", path("schema.json")], "Hello!\n");
    assert.deepEqual([typeof (JSON.parse(held.stdout) as { ok: unknown }).ok, held.stderr], ["boolean", ""]);
    const whole = (await runCommandLine(chat, `${longReply}\n`)).stdout;
    const stop = whole.slice(10, 14);
    const { stdout } = await runCommandLine([...chat, "--stop", "not there", "--stop", stop], `${longReply}\n`);
    assert.equal(stdout.trim(), whole.slice(0, whole.indexOf(stop)).trim());
    writeFileSync(path("pattern.json"), '{"type": "string", "pattern": "a"}');
    const refused = await runCommandLine([...chat, "--json-schema", path("pattern.json")], "Hello!\n");
    assert.equal(refused.exitCode, 2);
    assertOneLine(refused.stderr, "schema-unsupported");
  });

  it("inspect: prints the gate's verdict", async () => {
    const { exitCode, stdout } = await runCommandLine(["inspect", demoModel]);
    assert.equal(exitCode, 0);
    const verdict = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual(
      [verdict["mode"], verdict["reasons"], verdict["architecture"], verdict["trainedContext"], verdict["headDim"]],
      ["stream", [], "llama", 512, 32],
    );
  });

  it("inspect --load: says what the model runs on, and in which window", async () => {
    const { exitCode, stdout, stderr } = await runCommandLine(["inspect", demoModel, "--load", "--context", "256"]);
    assert.deepEqual([exitCode, stderr], [0, ""]);
    const loaded = JSON.parse(stdout) as {
      mode: string;
      windowSize: number;
      hardware: { gpu: string; threads: number };
    };
    assert.deepEqual([loaded.mode, loaded.windowSize], ["stream", 256]);
    assert.ok(loaded.hardware.gpu !== "" && loaded.hardware.threads >= 1);
  });

  describe("a file that is no model", () => {
    const files: readonly (readonly [name: string, code: string, make: (file: string) => void])[] = [
      ["text", "model-not-gguf", (file) => writeFileSync(file, "This is not a model.\n".repeat(100))],
      ["empty", "model-empty", (file) => writeFileSync(file, "")],
      ["truncated header", "model-damaged", (file) => writeFileSync(file, readFileSync(demoModel).subarray(0, 2000))],
      ["truncated weights", "model-damaged", (file) => writeFileSync(file, readFileSync(demoModel).subarray(0, -5000))],
      ["missing", "model-not-found", () => undefined],
      ["directory", "model-is-directory", (file) => mkdirSync(file)],
    ];
    for (const [name, code, make] of files) {
      it(`${name}: ${code}, on both commands`, async () => {
        const file = path(`${name}.gguf`);
        make(file);
        for (const args of [
          ["inspect", file],
          ["chat", "--model", file],
          ["chat", "--json", "--model", file],
        ]) {
          const { exitCode, stdout, stderr } = await runCommandLine(args, '{"text": "Hello!"}\n');
          assert.deepEqual([exitCode, stdout], [2, ""]);
          assertOneLine(stderr, code);
        }
      });
    }
  });

  const wrongCalls: readonly (readonly string[])[] = [
    ["sing"],
    ["chat"],
    ["chat", "more", "--model", demoModel],
    ["inspect"],
    ["inspect", "one", "two"],
    ["chat", "--model"],
    ["chat", "--model", demoModel, "--window", "512"],
    ["chat", "--model", demoModel, "--context", "many"],
    ["chat", "--model", demoModel, "--context", "100"],
    ["chat", "--model", demoModel, "--context", "300.5"],
    ["chat", "--model", demoModel, "--context", ""],
    ["chat", "--model", demoModel, "--temperature=-1"],
    ["chat", "--model", demoModel, "--max-tokens", "0"],
    ["chat", "--model", demoModel, "--seed", "1e99"],
  ];
  for (const args of wrongCalls) {
    it(`refuses ${args.map((word) => word.replace(demoModel, "FILE")).join(" ")}`, async () => {
      const { exitCode, stdout, stderr } = await runCommandLine(args);
      assert.deepEqual([exitCode, stdout], [64, ""]);
      assertOneLine(stderr, "usage");
    });
  }

  it("helps", async () => {
    for (const args of [["help"], ["--help"], ["chat", "-h"]]) {
      const { exitCode, stdout, stderr } = await runCommandLine(args);
      assert.deepEqual([exitCode, stderr], [0, ""]);
      for (const word of ["chat --model FILE", "inspect FILE", '"op": "detour"', "64"]) assert(stdout.includes(word));
    }
    assert.equal((await runCommandLine([])).exitCode, 64);
  });
});

function assertOneLine(stderr: string, code: string): void {
  assert.match(stderr, new RegExp(`^daylong: .{20,} \\[${code}\\]\\n$`), "one line, no stack trace");
}
