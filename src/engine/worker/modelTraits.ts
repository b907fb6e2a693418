import type { GgufHeader } from "./ggufHeader.ts";
import type { GgufScalar } from "./ggufFormat.ts";
import {
  architectureKind,
  assumedSlidingWindow,
  baichuanAlibiLayers,
  exaoneSlidingLayers,
  type ArchitectureKind,
} from "./architectures.ts";
import type { ModelTraits } from "./gatePolicy.ts";

/** Typed access to the metadata of one file; keys that start with a dot are the architecture's own. */
export class ModelMetadata {
  readonly architecture: string;

  constructor(readonly header: GgufHeader) {
    this.architecture = this.text("general.architecture") ?? "";
  }

  text(key: string): string | undefined {
    const value = this.scalar(key);
    return typeof value === "string" ? value : undefined;
  }

  /** A number, or for a list with one value per layer its largest. */
  number(key: string): number | undefined {
    const numbers = this.numbers(key);
    return numbers.length === 0 ? undefined : Math.max(...numbers);
  }

  /** All numbers of a list, or the one. */
  numbers(key: string): readonly number[] {
    const entry = this.header.metadata.get(this.fullKey(key));
    const values = entry?.type === "array" ? (entry.value.values ?? []) : entry === undefined ? [] : [entry.value];
    return values
      .map((value) => (typeof value === "bigint" ? Number(value) : value))
      .filter((value) => typeof value === "number");
  }

  truth(key: string): boolean | undefined {
    const value = this.scalar(key);
    return typeof value === "boolean" ? value : undefined;
  }

  strings(key: string): readonly string[] | undefined {
    const entry = this.header.metadata.get(this.fullKey(key));
    if (entry?.type !== "array" || entry.value.elementType !== "string") return undefined;
    return (entry.value.values ?? []).filter((value) => typeof value === "string");
  }

  /** The length of a list; 0 if there is none. */
  listLength(key: string): number {
    const entry = this.header.metadata.get(this.fullKey(key));
    return entry?.type === "array" ? entry.value.length : 0;
  }

  hasTensor(name: string): boolean {
    return this.header.tensors.some((tensor) => tensor.name === name);
  }

  private scalar(key: string): GgufScalar | undefined {
    const entry = this.header.metadata.get(this.fullKey(key));
    return entry === undefined || entry.type === "array" ? undefined : entry.value;
  }

  private fullKey(key: string): string {
    return key.startsWith(".") ? `${this.architecture}${key}` : key;
  }
}

/** Values of `general.type` of files that are not models. Models have all kinds of values there. */
const additions = ["adapter", "mmproj", "imatrix", "dataset"];

export function isAddition(metadata: ModelMetadata): boolean {
  return additions.includes(metadata.text("general.type") ?? "");
}

/** Values of `tokenizer.ggml.model` with which llama.cpp knows no text at all. */
const noVocabulary = ["none", "no_vocab"];

/** Elements of one key of one head. */
export function keyHeadSize(metadata: ModelMetadata): number {
  const explicit = metadata.number(".attention.key_length");
  if (explicit !== undefined) return explicit;
  const heads = metadata.number(".attention.head_count") ?? 0;
  return heads === 0 ? 0 : Math.floor((metadata.number(".embedding_length") ?? 0) / heads);
}

export function readModelTraits(metadata: ModelMetadata): ModelTraits {
  const kind = kindOf(metadata);
  const pooling = metadata.number(".pooling_type") ?? 0;
  const tokenizer = metadata.text("tokenizer.ggml.model") ?? "none";
  return {
    architecture: metadata.architecture,
    kind,
    addition: isAddition(metadata) ? metadata.text("general.type") : undefined,
    hasVocabulary: metadata.listLength("tokenizer.ggml.tokens") > 0 && !noVocabulary.includes(tokenizer),
    hasWeights: metadata.header.tensors.length > 0,
    pooled: pooling > 0 || metadata.hasTensor("cls.weight") || metadata.hasTensor("cls.output.weight"),
    causal: metadata.truth(".attention.causal") ?? true,
    ropeSections: metadata.numbers(".rope.dimension_sections").some((size) => size > 0),
    keyScalePerShift: keyScalePerShift(metadata),
    slidingWindow: slidingWindow(metadata, kind),
    learnedPositions: metadata.hasTensor("position_embd.weight"),
  };
}

function kindOf(metadata: ModelMetadata): ArchitectureKind | undefined {
  const kind = architectureKind(metadata.architecture);
  const layers = metadata.number(".block_count") ?? 0;
  if (metadata.architecture === "baichuan" && layers >= baichuanAlibiLayers) return "unrotated";
  if (metadata.architecture === "exaone4" && layers !== exaoneSlidingLayers) return "plain";
  // OLMo 3 is OLMo 2 with sliding layers.
  if (metadata.architecture === "olmo2" && (metadata.number(".attention.sliding_window") ?? 0) > 0) return "sliding";
  return kind;
}

/** Only some architectures have sliding layers in llama.cpp; others carry the key and attend to everything. */
function slidingWindow(metadata: ModelMetadata, kind: ArchitectureKind | undefined): number {
  if (kind !== "sliding") return 0;
  return metadata.number(".attention.sliding_window") ?? assumedSlidingWindow.get(metadata.architecture) ?? 0;
}

/**
 * The factor by which llama.cpp's K-shift lengthens each key: it applies the whole rotary embedding, magnitude included,
 * to keys that already have it. Follows llama-context.cpp (yarn_attn_factor) and rope_yarn in ggml-cpu/ops.cpp.
 */
function keyScalePerShift(metadata: ModelMetadata): number {
  const attentionFactor = metadata.number(".rope.scaling.attn_factor") ?? 1;
  if (metadata.text(".rope.scaling.type") !== "yarn") return attentionFactor;
  const declared = metadata.number(".rope.scaling.factor") ?? metadata.number(".rope.scale_linear") ?? 0;
  const factor = declared === 0 ? 1 : declared;
  const magnitude = (multiplier: number): number => (factor <= 1 ? 1 : 0.1 * multiplier * Math.log(factor) + 1);
  const multiplier = metadata.number(".rope.scaling.yarn_log_multiplier") ?? 0;
  return (multiplier === 0 ? magnitude(1) : magnitude(1) / magnitude(multiplier)) * attentionFactor;
}
