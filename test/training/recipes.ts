import type { CorpusMix } from "./corpus.ts";

export interface Shape {
  /** Tokens. */
  readonly vocabulary: number;
  /** Tokens of a training sample. */
  readonly context: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly feedForward: number;
}

/**
 * What stands at the first position of each training sample (section 3.3 of the paper): nothing of its own, a token
 * whose embedding is learned, or one whose embedding is and stays zero. In a model without biases the keys and values
 * of the last are zero in each layer, so it adds exactly one to the denominator of each softmax.
 */
export type SampleStart = "anywhere" | "learned" | "zero";

export interface Recipe {
  readonly title: string;
  readonly description: string;
  readonly shape: Shape;
  readonly start: SampleStart;
  readonly mix: CorpusMix;
  /** Samples in a step. */
  readonly batch: number;
  readonly learningRate: number;
  readonly steps: number;
}

const twinMix: CorpusMix = { package: 0.15, dialogue: 0.1, facts: 0.2, table: 0.25, chain: 0.3 };

const twin = {
  shape: { vocabulary: 1024, context: 256, width: 128, layers: 4, heads: 2, feedForward: 384 },
  mix: twinMix,
  batch: 4,
  learningRate: 2e-3,
  steps: 10_000,
} as const;

/** The models that are trained. The twins differ in nothing but in what a sample begins with. */
export const recipes = {
  demo: {
    title: "tiny-chat",
    description: "A toy that answers a few kinds of questions.",
    shape: { vocabulary: 2048, context: 512, width: 128, layers: 4, heads: 4, feedForward: 384 },
    start: "learned",
    mix: { package: 0.5, dialogue: 0.18, facts: 0.16, table: 0.04, chain: 0.12 },
    batch: 3,
    learningRate: 3e-3,
    steps: 14_000,
  },
  vanilla: {
    ...twin,
    title: "twin vanilla",
    description: "Trained on samples that begin anywhere in the text, without a token of their own.",
    start: "anywhere",
  },
  "learnable-sink": {
    ...twin,
    title: "twin learnable sink",
    description: "Trained with one dedicated, learned token at the first position of each sample.",
    start: "learned",
  },
  "zero-sink": {
    ...twin,
    title: "twin zero sink",
    description: "Trained with a token of zeros at the first position of each sample (softmax-off-by-one).",
    start: "zero",
  },
} as const satisfies Readonly<Record<string, Recipe>>;

export type RecipeName = keyof typeof recipes;

export const twinNames = ["vanilla", "learnable-sink", "zero-sink"] as const satisfies readonly RecipeName[];
