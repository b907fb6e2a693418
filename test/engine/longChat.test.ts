import assert from "node:assert/strict";
import { ChatCommand } from "../fixtures/engine/commandLine.ts";
import { demoModel } from "../fixtures/engine/paths.ts";
import { childrenOf, residentMemory } from "../fixtures/engine/processes.ts";
import { promptOf } from "../fixtures/engine/prompts.ts";
import { WatchedEngine } from "../fixtures/engine/watchedEngine.ts";

const turns = 300;
/** Of a window of 512: what the reserve of 128 leaves, less the cell that the library keeps free. */
const highWater = 383;

describe("300 turns through a window of 512 tokens", () => {
  it("hold invariants 1 to 4 after each, counted at the native calls", async () => {
    const watched = await WatchedEngine.open();
    const evicted: string[] = [];
    try {
      for (let turn = 1; turn <= turns; turn++) {
        const result = await watched.send(`t${turn}`, promptOf(turn));
        evicted.push(...result.evictedTurnIds);
        assert.equal(result.reprocessedTokens, 0);
        assert.equal(result.omittedTokens, 0);
        watched.assertInvariants();
      }
      const kept = watched.conversation.rememberedTurns.map((turn) => turn.turnId);
      const all = Array.from({ length: turns }, (_, index) => `t${index + 1}`);
      assert.deepEqual([...evicted, ...kept], all, "oldest first, none lost");
    } finally {
      watched.engine.dispose();
    }
    assert(watched.moves.length > 20, `${watched.moves.length} evictions`);
    for (const { freed, evictable } of watched.moves) {
      assert(freed * 4 >= evictable, `an eviction freed ${freed} of ${evictable} tokens`);
    }
  });

  it("hold on the command line, where the engine's memory stays flat", async () => {
    const command = new ChatCommand([
      "--model",
      demoModel,
      "--context",
      "512",
      "--temperature",
      "0",
      "--max-tokens",
      "40",
    ]);
    const memory: number[] = [];
    let [evictions, evictedTurns] = [0, 0];
    for (let turn = 1; turn <= turns; turn++) {
      const before = evictions;
      const result = await command.ask({ text: promptOf(turn) });
      assert.equal(result["turn"], turn);
      assert.equal(result["reprocessedTokens"], 0);
      assert.equal(result["windowSize"], 512);
      assert(Number(result["windowTokens"]) <= highWater, JSON.stringify(result));
      assert(Number(result["promptTokens"]) < 120, "only the new message is evaluated");
      evictions = Number(result["shifts"]);
      evictedTurns += Number(result["evictedTurns"]);
      assert(evictions === before || Number(result["evictedTurns"]) > 0, "each shift is an eviction");
      const engine = childrenOf(command.process.pid ?? 0)?.[0];
      const kibibytes = engine === undefined ? undefined : residentMemory(engine);
      if (kibibytes !== undefined) memory.push(kibibytes);
    }
    const { exitCode, stderr } = await command.end();
    assert.equal(exitCode, 0, stderr);
    assert(evictions > 20 && evictions < turns / 2, `${evictions} shifts`);
    assert(evictedTurns > 2 * evictions, `${evictedTurns} turns in ${evictions} evictions: few and large`);
    if (process.platform === "win32") return;
    assert.equal(memory.length, turns);
    // The first turns warm up the heap of Node; from then on nothing may grow with the number of turns.
    const later = memory.slice(turns / 5);
    const [first, second] = [later.slice(0, later.length / 2), later.slice(later.length / 2)].map(median);
    assert((second ?? 0) < (first ?? 0) * 1.05 + 2048, `from ${first ?? 0} to ${second ?? 0} KiB`);
  });
});

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}
