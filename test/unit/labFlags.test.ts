import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { DaylongError } from "../../src/base/errors.ts";
import type { Experiment } from "../../src/lab/experiment.ts";
import { labContext, parseLabCall, refuseForeignFlags } from "../../src/lab/labFlags.ts";
import { chosenExperiments } from "../../src/lab/labRun.ts";
import { labUsage } from "../../src/lab/labUsage.ts";

describe("flags of the lab", () => {
  const experiment = (name: string, flags?: Record<string, string>, suitsAnyModel = false): Experiment => ({
    name,
    title: name,
    what: `what ${name} does`,
    ...(flags === undefined ? {} : { flags }),
    suitsAnyModel,
    run: () => Promise.reject(new Error("not to be run")),
  });
  const all = [
    experiment("ppl", { tokens: "how many" }, true),
    experiment("speed", { rounds: "how often" }),
    experiment("plain"),
  ];
  const call = (...args: string[]) => parseLabCall(args, all);
  const refused = (does: () => unknown, message: RegExp): void => {
    assert.throws(
      does,
      (error: unknown) => error instanceof DaylongError && error.code === "usage" && message.test(error.message),
    );
  };

  it("are read by their kind", () => {
    const read = call("ppl", "--quick", "--model", "a.gguf", "--tokens", "1,20", "--seed=7");
    assert.deepEqual(
      [read.names, read.quick, read.help, read.model, read.text, read.threads, read.seed, read.own],
      [["ppl"], true, false, "a.gguf", undefined, 1, 7, { tokens: [1, 20] }],
    );
  });

  it("are refused in words when they are wrong", () => {
    refused(() => call("ppl", "--fast"), /Unknown option '--fast'/);
    refused(() => call("ppl", "--model"), /'--model <value>' argument missing/);
    for (const value of ["many", "", "1,,2", "Infinity"])
      refused(() => call("ppl", "--tokens", value), /--tokens must be/);
    refused(() => call("ppl", "--tokens=-5"), /--tokens must be a number/);
    for (const value of ["0", "1.5", "x"])
      refused(() => call("ppl", "--threads", value), /--threads must be a whole number/);
    refused(() => refuseForeignFlags(call("ppl", "--rounds", "3"), all.slice(0, 1)), /--rounds is not a flag of ppl/);
    refuseForeignFlags(call("all", "--rounds", "3"), all);
  });

  it("of an experiment's own reach it, and only those that it declares", () => {
    const [ppl, , plain] = all;
    const context = labContext(call("ppl", "--tokens", "5"), ppl!, "results", () => Promise.resolve());
    assert.equal(context.number("tokens", 1), 5);
    assert.deepEqual(
      labContext(call("ppl"), ppl!, "results", () => Promise.resolve()).numbers("tokens", [1, 2]),
      [1, 2],
    );
    assert.throws(() => context.number("window", 1), /ppl does not declare --window/);
    refused(
      () => labContext(call("ppl", "--tokens", "1,2"), ppl!, "results", () => Promise.resolve()).number("tokens", 1),
      /one number/,
    );
    assert.throws(
      () => labContext(call("plain"), plain!, "results", () => Promise.resolve()).number("tokens", 1),
      /does not declare/,
    );
  });

  it("choose experiments: one, all, or those for any model", () => {
    const names = (...words: string[]): string[] => chosenExperiments(words, all).map(({ name }) => name);
    assert.deepEqual([names("speed"), names("all"), names("any")], [["speed"], ["ppl", "speed", "plain"], ["ppl"]]);
    refused(() => names("nonsense"), /There is no experiment "nonsense": all, any, page, ppl, speed, plain/);
    refused(() => names("ppl", "speed"), /There is no experiment "ppl speed"/);
  });

  it("stand in the help, each below its experiment", () => {
    assert.match(labUsage(all), / {2}ppl +what ppl does\n +--tokens N: how many\n {2}speed/);
  });
});
