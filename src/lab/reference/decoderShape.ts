import type { ModelMetadata } from "../../engine/worker/modelTraits.ts";
import { unsupported } from "./unsupported.ts";

/** What of a model's metadata the reference computation needs. */
export interface DecoderShape {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  /** Elements of one head. */
  readonly headSize: number;
  readonly epsilon: number;
  readonly ropeBase: number;
  /** Elements of a head that are rotated. */
  readonly rotated: number;
  /** What positions are multiplied with (linear scaling). */
  readonly positionScale: number;
  /** Which elements are rotated together: neighbours, or those half a head apart. */
  readonly pairs: "neighbours" | "halves";
}

/** Architectures of the same form, with the way in which llama.cpp rotates their keys (llama-model.cpp). */
const pairsOf: Readonly<Record<string, DecoderShape["pairs"]>> = {
  llama: "neighbours",
  mistral3: "neighbours",
  qwen2: "halves",
  qwen3: "halves",
};

/** @throws DaylongError `model-unsupported` */
export function decoderShape(metadata: ModelMetadata): DecoderShape {
  const { architecture } = metadata;
  const pairs = pairsOf[architecture];
  if (pairs === undefined) {
    throw unsupported(`It knows ${Object.keys(pairsOf).join(", ")}; this is ${architecture || "something else"}.`);
  }
  const number = (key: string): number => {
    const value = metadata.number(key);
    if (value === undefined) throw unsupported(`The file does not say ${architecture}${key}.`);
    return value;
  };
  if ((metadata.number(".expert_count") ?? 0) > 0) throw unsupported("It has several experts in each layer.");
  const scaling = metadata.text(".rope.scaling.type") ?? "none";
  if (scaling !== "none" && scaling !== "linear") throw unsupported(`Its positions are scaled (${scaling}).`);
  const width = number(".embedding_length");
  const heads = number(".attention.head_count");
  const headSize = metadata.number(".attention.key_length") ?? width / heads;
  return {
    layers: number(".block_count"),
    width,
    heads,
    keyValueHeads: metadata.number(".attention.head_count_kv") ?? heads,
    headSize,
    epsilon: number(".attention.layer_norm_rms_epsilon"),
    ropeBase: metadata.number(".rope.freq_base") ?? 10_000,
    rotated: metadata.number(".rope.dimension_count") ?? headSize,
    positionScale: scaling === "linear" ? 1 / (metadata.number(".rope.scaling.factor") ?? 1) : 1,
    pairs,
  };
}
