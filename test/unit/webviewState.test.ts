import assert from "node:assert/strict";
import type { ChatSnapshot, ChatState } from "../../src/messages/chatMessages.ts";
import { initialState, reduce, type ViewState } from "../../webview-ui/state.ts";
import { memoryEdge } from "../../webview-ui/memoryEdge.ts";
import { sampleTurn } from "../fixtures/panel/sampleTurns.ts";

const turns = [sampleTurn("a", "one", "first"), sampleTurn("b", "two", "second", { status: "streaming" })];
const snapshot: ChatSnapshot = {
  turns,
  earlier: 0,
  model: { state: "none" },
  counters: initialState.counters,
  spans: [],
  busy: true,
  composer: initialState.composer,
};
const opened = reduce(initialState, { type: "snapshot", sequence: 7, snapshot, strings: { you: "You" } });

function after(...messages: readonly ChatState[]): ViewState {
  return messages.reduce(reduce, opened);
}

describe("the state of the view", () => {
  it("hears nothing before the first snapshot", () => {
    assert.equal(reduce(initialState, { type: "busy", sequence: 1, busy: true }), initialState);
  });

  it("appends text to its turn and leaves the other turns the same objects", () => {
    const state = after({ type: "text", sequence: 8, id: "b", channel: "reply", offset: 6, text: " half" });
    assert.equal(state.turns[1]?.reply, "second half");
    assert.equal(state.turns[0], turns[0]);
    assert.equal(turns[1]?.reply, "second");
  });

  it("notices a missing message and takes nothing more until a snapshot comes", () => {
    const stale = after({ type: "text", sequence: 9, id: "b", channel: "reply", offset: 6, text: "!" });
    assert.equal(stale.stale, true);
    assert.equal(stale.turns[1]?.reply, "second");
    assert.equal(reduce(stale, { type: "busy", sequence: 8, busy: false }), stale);
    const healed = reduce(stale, { type: "snapshot", sequence: 12, snapshot, strings: {} });
    assert.equal(healed.stale, false);
    assert.equal(reduce(healed, { type: "busy", sequence: 13, busy: false }).busy, false);
  });

  it("notices text at the wrong offset and changes of turns it does not know", () => {
    const offset = after({ type: "text", sequence: 8, id: "b", channel: "reply", offset: 5, text: "!" });
    assert.equal(offset.stale, true);
    assert.equal(after({ type: "turnChanged", sequence: 8, id: "x", change: { pinned: true } }).stale, true);
  });

  it("adds, changes and removes turns", () => {
    const state = after(
      { type: "turnAdded", sequence: 8, turn: sampleTurn("c", "three", "") },
      { type: "turnChanged", sequence: 9, id: "c", change: { pinned: true } },
      { type: "turnsRemoved", sequence: 10, ids: ["a"] },
    );
    assert.deepEqual(
      state.turns.map(({ id, pinned }) => [id, pinned]),
      [
        ["b", false],
        ["c", true],
      ],
    );
  });

  it("gets the history of a long day piece by piece, and lets changes of what is not there yet pass", () => {
    const start = reduce(initialState, {
      type: "snapshot",
      sequence: 1,
      snapshot: { ...snapshot, earlier: 3 },
      strings: {},
    });
    const earlier = [sampleTurn("x", "1", ""), sampleTurn("y", "2", "")];
    const messages: readonly ChatState[] = [
      { type: "turnChanged", sequence: 2, id: "x", change: { pinned: true } },
      { type: "history", sequence: 3, turns: earlier },
      { type: "history", sequence: 4, turns: [sampleTurn("w", "0", "")] },
    ];
    const state = messages.reduce(reduce, start);
    assert.deepEqual(
      state.turns.map(({ id }) => id),
      ["w", "x", "y", "a", "b"],
    );
    assert.deepEqual([state.earlier, state.stale], [0, false]);
    const unknown = reduce(state, { type: "turnChanged", sequence: 5, id: "nobody", change: {} });
    assert.equal(unknown.stale, true);
  });

  it("marks what the model remembers", () => {
    const { counters } = initialState;
    const state = after({ type: "memory", sequence: 8, counters, spans: [], remembered: ["b"] });
    assert.deepEqual(
      state.turns.map(({ remembered }) => remembered),
      [false, true],
    );
    assert.equal(state.turns[1], turns[1]);
    const same = reduce(state, { type: "memory", sequence: 9, counters, spans: [], remembered: ["b"] });
    assert.equal(same.turns, state.turns);
  });
});

describe("the memory edge", () => {
  const turn = (remembered: boolean, status: "done" | "failed" = "done") =>
    sampleTurn("x", "m", "r", { remembered, status });

  it("lies before the oldest of the turns that are remembered without a gap", () => {
    assert.equal(memoryEdge([turn(true), turn(false), turn(true), turn(true)]), 2);
  });

  it("is nowhere when all or nothing is remembered", () => {
    assert.equal(memoryEdge([turn(true), turn(true)]), -1);
    assert.equal(memoryEdge([turn(false), turn(false)]), -1);
    assert.equal(memoryEdge([]), -1);
  });

  it("passes over turns without a reply", () => {
    assert.equal(memoryEdge([turn(false), turn(true), turn(false, "failed")]), 1);
  });
});
