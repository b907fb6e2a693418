import {
  noCounters,
  type ChatState,
  type CompletionItem,
  type ComposerView,
  type CountersView,
  type ErrorView,
  type ModelView,
  type SpanView,
  type TurnView,
} from "../src/messages/chatMessages.ts";

/** All that the view draws. Never changed in place: a turn that is the same object needs no new drawing. */
export interface ViewState {
  /** False until the first snapshot. */
  readonly live: boolean;
  /** Set when a message is missing: the view asks for a snapshot, and takes nothing else until it is there. */
  readonly stale: boolean;
  readonly sequence: number;
  /** The turns that are here: the newest of all. */
  readonly turns: readonly TurnView[];
  /** How many there are before these, still on their way. */
  readonly earlier: number;
  readonly model: ModelView;
  readonly counters: CountersView;
  readonly spans: readonly SpanView[];
  readonly busy: boolean;
  readonly composer: ComposerView;
  /** The newest list under `/` or `@`, and which question it answers. */
  readonly completions: { readonly request: number; readonly items: readonly CompletionItem[] };
  readonly strings: Readonly<Record<string, string>>;
  readonly notice: ErrorView | undefined;
  /** Counts the requests to move the focus, so that two in a row are two. */
  readonly focus: { readonly target: "composer" | "find"; readonly count: number };
}

export const initialState: ViewState = {
  live: false,
  stale: false,
  sequence: 0,
  turns: [],
  earlier: 0,
  model: { state: "none" },
  counters: noCounters,
  spans: [],
  busy: false,
  composer: {
    draft: { key: "", text: "" },
    attachments: [],
    queue: [],
    queueWaits: false,
    cost: null,
    offer: null,
    sendWith: "enter",
  },
  completions: { request: 0, items: [] },
  strings: {},
  notice: undefined,
  focus: { target: "composer", count: 0 },
};

/** The next state. Pure: the same state and message give the same answer, and nothing else happens. */
export function reduce(state: ViewState, message: ChatState): ViewState {
  if (message.type === "snapshot") {
    const { sequence, strings, snapshot } = message;
    return { ...state, ...snapshot, live: true, stale: false, sequence, strings };
  }
  if (!state.live || state.stale) return state;
  if (message.sequence !== state.sequence + 1) return { ...state, stale: true };
  const next = { ...state, sequence: message.sequence };
  switch (message.type) {
    case "history":
      return {
        ...next,
        turns: [...message.turns, ...state.turns],
        earlier: Math.max(0, state.earlier - message.turns.length),
      };
    case "turnAdded":
      return { ...next, turns: [...state.turns, message.turn] };
    case "turnChanged":
      return replaceTurn(next, message.id, (turn) => ({ ...turn, ...message.change }));
    case "turnsRemoved": {
      const gone = new Set(message.ids);
      return { ...next, turns: state.turns.filter((turn) => !gone.has(turn.id)), earlier: 0 };
    }
    case "text": {
      const { channel, offset, text } = message;
      return replaceTurn(next, message.id, (turn) =>
        turn[channel].length === offset ? { ...turn, [channel]: turn[channel] + text } : undefined,
      );
    }
    case "memory": {
      const { counters, spans } = message;
      return { ...next, counters, spans, turns: withMemory(state.turns, new Set(message.remembered)) };
    }
    case "model":
      return { ...next, model: message.model };
    case "busy":
      return { ...next, busy: message.busy };
    case "composer":
      return { ...next, composer: message.composer };
    case "completions":
      return { ...next, completions: { request: message.request, items: message.items } };
    case "notice":
      return { ...next, notice: message.notice };
    case "focus":
      return { ...next, focus: { target: message.target, count: state.focus.count + 1 } };
  }
}

/** A change that does not fit what is here means that something was missed. */
function replaceTurn(state: ViewState, id: string, change: (turn: TurnView) => TurnView | undefined): ViewState {
  const index = state.turns.findLastIndex((turn) => turn.id === id);
  const turn = state.turns[index];
  const changed = turn === undefined ? undefined : change(turn);
  // A turn that is still on its way comes as it is then.
  if (turn === undefined && state.earlier > 0) return state;
  if (changed === undefined) return { ...state, stale: true };
  return { ...state, turns: state.turns.with(index, changed) };
}

function withMemory(turns: readonly TurnView[], remembered: ReadonlySet<string>): readonly TurnView[] {
  if (turns.every((turn) => turn.remembered === remembered.has(turn.id))) return turns;
  return turns.map((turn) => {
    const known = remembered.has(turn.id);
    return turn.remembered === known ? turn : { ...turn, remembered: known };
  });
}
