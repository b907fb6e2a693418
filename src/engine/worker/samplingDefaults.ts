import type { ReplySampling, Sampling } from "../engine.ts";
import type { ModelMetadata } from "./modelTraits.ts";

/**
 * For code, where the file recommends nothing: nearly always the likeliest token, and never one from the long tail. No
 * repeat penalty: code repeats itself by nature, and endless loops are stopped by a guard of our own.
 */
const codeSampling: ReplySampling = { temperature: 0.2, topK: 40, topP: 0.95, minP: 0.05, repeatPenalty: 1 };

/** Keys that converters copy from a model's generation_config.json (llama-arch.cpp), and the values that make sense. */
const keys: Readonly<Record<keyof ReplySampling, { readonly key: string; accepts(value: number): boolean }>> = {
  temperature: { key: "general.sampling.temp", accepts: (value) => value >= 0 && value <= 5 },
  topK: { key: "general.sampling.top_k", accepts: (value) => Number.isInteger(value) && value >= 0 },
  topP: { key: "general.sampling.top_p", accepts: (value) => value > 0 && value <= 1 },
  minP: { key: "general.sampling.min_p", accepts: (value) => value >= 0 && value < 1 },
  repeatPenalty: { key: "general.sampling.penalty_repeat", accepts: (value) => value > 0 && value <= 2 },
};

const names = Object.keys(keys) as (keyof ReplySampling)[];

/** How replies are sampled unless somebody says otherwise, and which of it the model's file recommends. */
export function samplingOf(metadata: ModelMetadata): {
  readonly sampling: ReplySampling;
  readonly samplingFromModel: readonly (keyof ReplySampling)[];
} {
  const recommended = new Map<keyof ReplySampling, number>();
  for (const name of names) {
    const value = metadata.number(keys[name].key);
    // Single precision: 0.7 is written as 0.699999988.
    const rounded = value === undefined ? undefined : Number(value.toPrecision(6));
    if (rounded !== undefined && keys[name].accepts(rounded)) recommended.set(name, rounded);
  }
  return {
    sampling: { ...codeSampling, ...Object.fromEntries(recommended) },
    samplingFromModel: [...recommended.keys()],
  };
}

/** What was asked for, and for the rest the defaults. */
export function completeSampling(asked: Sampling, defaults: ReplySampling): Omit<Sampling, "maxTokens"> {
  const { seed } = asked;
  const complete = Object.fromEntries(names.map((name) => [name, asked[name] ?? defaults[name]]));
  return { ...complete, ...(seed === undefined ? {} : { seed }) };
}
