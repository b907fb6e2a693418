import type { EngineMode } from "../engine.ts";
import type { ArchitectureKind } from "./architectures.ts";

/** What the gate looks at: facts of one model file, each read from its metadata and tensor list. */
export interface ModelTraits {
  readonly architecture: string;
  /** Undefined: llama.cpp does not know the architecture. */
  readonly kind: ArchitectureKind | undefined;
  /** What the file is instead of a model: "adapter", "mmproj", "imatrix" or the like. */
  readonly addition: string | undefined;
  readonly hasVocabulary: boolean;
  readonly hasWeights: boolean;
  /** The file says that it makes embeddings or rankings. */
  readonly pooled: boolean;
  readonly causal: boolean;
  /** Positions in several dimensions (`rope.dimension_sections`), whatever the architecture. */
  readonly ropeSections: boolean;
  /** What a shift multiplies the length of every key with; 1 for a pure rotation. */
  readonly keyScalePerShift: number;
  /** Tokens a sliding layer looks back; 0: no such layer. */
  readonly slidingWindow: number;
  /** A table of learned positions is among the weights. */
  readonly learnedPositions: boolean;
}

export interface Judgement {
  readonly mode: EngineMode;
  /** Sentences for the user; empty for `stream`. */
  readonly reasons: readonly string[];
  readonly maxStreamWindow?: number;
}

export interface GatePolicy {
  /** The engine can evict by evaluating the kept turns anew, for models that cannot be shifted. */
  readonly recomputeSupported: boolean;
}

/** Relative: below the rounding of one shift in half precision (3e-4), and far below any YaRN factor (1.07 at x2). */
const keyScaleTolerance = 1e-4;
/** Tokens: the library pads context sizes to multiples of this. */
const contextStep = 256;

/** The policy of the gate: a pure function, one row of `rules` for each thing that can be in the way. */
export function judge(traits: ModelTraits, policy: GatePolicy): Judgement {
  const refusals = refusalRules.filter((rule) => rule.applies(traits)).map((rule) => rule.reason(traits));
  if (refusals.length > 0) return { mode: "refuse", reasons: refusals };
  const obstacles = shiftRules.filter((rule) => rule.applies(traits));
  if (obstacles.length === 0) return { mode: "stream", reasons: [] };
  const reasons = obstacles.map((rule) => rule.reason(traits));
  if (!policy.recomputeSupported) return { mode: "refuse", reasons: [...reasons, notYet] };
  const window = Math.floor(traits.slidingWindow / contextStep) * contextStep;
  const streamsWhenSmall = window > 0 && obstacles.every((rule) => rule.onlyBeyondSlidingWindow === true);
  return { mode: "recompute", reasons, ...(streamsWhenSmall ? { maxStreamWindow: window } : {}) };
}

interface Rule {
  applies(traits: ModelTraits): boolean;
  reason(traits: ModelTraits): string;
  readonly onlyBeyondSlidingWindow?: boolean;
}

const notYet =
  "Such a model needs its kept turns evaluated again after each eviction, which this version of Daylong does not do yet.";

const refusalRules: readonly Rule[] = [
  {
    applies: (traits) => traits.addition !== undefined,
    reason: (traits) =>
      `This file is not a chat model but an addition to one (${traits.addition ?? ""}). Choose the model itself.`,
  },
  {
    applies: (traits) => traits.kind === undefined && traits.addition === undefined,
    reason: (traits) =>
      `Daylong's engine does not know the model architecture "${traits.architecture}". A newer version of Daylong may.`,
  },
  {
    applies: (traits) => !traits.hasVocabulary,
    reason: () =>
      "The file holds no vocabulary, so text cannot be turned into tokens. Look for a complete conversion of the model.",
  },
  {
    applies: (traits) => !traits.hasWeights,
    reason: () => "The file holds a vocabulary only, no weights. Choose the model file itself.",
  },
  {
    applies: (traits) => traits.kind === "encoder" || traits.pooled || !traits.causal,
    reason: () =>
      "This model turns text into numbers for search and ranking; it does not write replies. Choose a chat model.",
  },
  {
    applies: (traits) => traits.kind === "diffusion",
    reason: () =>
      "This model writes a whole text at once (diffusion) instead of token by token. Choose a chat model of another kind.",
  },
  {
    applies: (traits) => traits.kind === "part" && traits.addition === undefined,
    reason: (traits) =>
      `This file is a helper of another model (${traits.architecture}), not a chat model. Choose the model itself.`,
  },
];

const shiftRules: readonly Rule[] = [
  {
    applies: (traits) => traits.kind === "recurrent",
    reason: (traits) =>
      `This model (${traits.architecture}) keeps one running state instead of past tokens, so old turns cannot be cut out of its memory.`,
  },
  {
    applies: (traits) => traits.kind === "hybrid",
    reason: (traits) =>
      `Part of this model (${traits.architecture}) keeps a running state instead of past tokens, so old turns cannot be cut out of its memory.`,
  },
  {
    applies: (traits) => traits.kind === "dimensions" || traits.ropeSections,
    reason: () =>
      "This model numbers positions in several dimensions, as models that see images do. The engine cannot move what such a model remembers.",
  },
  {
    applies: (traits) => traits.kind === "perLayer",
    reason: (traits) =>
      `The layers of this model (${traits.architecture}) number positions differently. The engine cannot move what it remembers.`,
  },
  {
    applies: (traits) => traits.kind === "unrotated",
    reason: (traits) =>
      `Some layers of this model (${traits.architecture}) ignore positions, and the engine would damage their memory when it moves kept turns.`,
  },
  {
    applies: (traits) => traits.kind === "learned" || traits.learnedPositions,
    reason: () =>
      "This model has learned each position by heart, so what it remembers cannot be moved to another position.",
  },
  {
    applies: (traits) => Math.abs(traits.keyScalePerShift - 1) > keyScaleTolerance,
    reason: () =>
      "This model stretches its positions to a longer context (YaRN or LongRoPE), and the engine would damage its memory a little more each time kept turns are moved.",
  },
  {
    applies: (traits) => traits.kind === "compressed",
    reason: (traits) =>
      `This model (${traits.architecture}) keeps its memory in a compressed form that Daylong has not been checked to move correctly.`,
  },
  {
    applies: (traits) => traits.kind === "unchecked",
    reason: (traits) =>
      `Daylong has not been checked to move the memory of this kind of model (${traits.architecture}) correctly.`,
  },
  {
    applies: (traits) => traits.slidingWindow > 0,
    reason: (traits) =>
      `Most layers of this model look back only ${traits.slidingWindow} tokens (a sliding window). With a larger window its old turns cannot be cut out correctly.`,
    onlyBeyondSlidingWindow: true,
  },
];
